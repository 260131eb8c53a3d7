"""Describe what a model accepts and what its answers mean; the exported model carries this."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from stages.params.dataset import Expectations
from stages.shared.artifacts import Array
from stages.shared.blocks import extremes
from stages.shared.doubt import Doubt
from stages.shared.errors import UserError
from stages.shared.section import Count, Section

MAXIMUM_IMAGE_PIXELS = 40_000_000
"""Most pixels of one image; a larger one is refused before memory is allocated for it."""
# Share of the declared range that the images must use; if they use less, the range is wrong.
_LEAST_USED = 0.5


class DescriptionError(UserError):
    """The images of a data set do not fit the range that is declared for them."""


class ImageFormat(Section):
    """How a data set stores images as numbers."""

    height: Count
    width: Count
    channels: Literal[1, 3] = 1
    """1 for grey images, which have no dimension of channels; 3 for red, green and blue."""
    dtype: Literal["uint8", "int8", "int16", "int32", "float32", "float64"]
    """The NumPy name of the pixel type."""
    minimum: float
    maximum: float
    """The range of the pixels, including both ends."""
    background: Literal["minimum", "maximum"]
    """Which end of the range is the background; ink is at the other end."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an image."""
        size = self.height, self.width
        return size if self.channels == 1 else (*size, self.channels)

    @model_validator(mode="after")
    def _numbers_hold_together(self) -> "ImageFormat":
        if self.height * self.width > MAXIMUM_IMAGE_PIXELS:
            message = "images must have at most {limit} pixels"
            raise PydanticCustomError("range", message, {"limit": MAXIMUM_IMAGE_PIXELS})
        low, high = limits(np.dtype(self.dtype))
        if not low <= self.minimum < self.maximum <= high:
            raise PydanticCustomError(
                "range",
                "minimum must be below maximum, and both {dtype}, found {minimum} and {maximum}",
                self.model_dump(include={"dtype", "minimum", "maximum"}),
            )
        return self


class Description(Section):
    """The data set that a model was trained on."""

    version: Literal[1]
    """The version of this format."""
    dataset: str
    """The name of the data set in ``params.yaml``."""
    title: str
    """The human-readable name of the data set."""
    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    """The name of each class, in the order of the probabilities."""
    images: ImageFormat
    doubt: Doubt | None = None
    """The confidence that answers need; None if the recipe has no calibration."""


def image_format(images: Array, background: float, declared: Expectations) -> ImageFormat:
    """Describe the images of a data set.

    Args:
        images: the training images, ``(n, height, width)`` or ``(n, height, width, 3)``; may be
            memory-mapped.
        background: of the training images; the nearer end of the range is given.
        declared: the range of the pixels; clipped to the range of the dtype.

    Raises:
        DescriptionError: the images use less than half of the declared range.
    """
    low, high = limits(images.dtype)
    minimum = max(low, float(declared.pixel_minimum))
    maximum = min(high, float(declared.pixel_maximum))
    darkest, brightest = extremes(images)
    if not 0 < _LEAST_USED * (maximum - minimum) <= brightest - darkest:
        raise DescriptionError(
            f"expected training images that use the declared range of pixels, "
            f"{minimum:g} to {maximum:g}, found pixels from {darkest:g} to {brightest:g}; "
            "correct pixel_minimum and pixel_maximum of the data set in params.yaml."
        )
    below_middle = background <= (minimum + maximum) / 2
    return ImageFormat(
        height=images.shape[1],
        width=images.shape[2],
        channels=declared.channels,
        dtype=images.dtype.name,
        minimum=minimum,
        maximum=maximum,
        background="minimum" if below_middle else "maximum",
    )


def limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the lowest and the highest number that a pixel type holds."""
    info = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
    return float(info.min), float(info.max)
