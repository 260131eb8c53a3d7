from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from stages.dataset.standardization import measure
from stages.params.dataset import Expectations
from stages.serving.description import DescriptionError, ImageFormat, image_format
from stages.shared.artifacts import Array

FORM = {
    "height": 28,
    "width": 20,
    "dtype": "uint8",
    "minimum": 0.0,
    "maximum": 255.0,
    "background": "minimum",
}


def declared(minimum: float, maximum: float) -> Expectations:
    counts = dict.fromkeys(("train_images", "test_images", "height", "width"), 1)
    shares = (
        *("class_share_minimum", "class_share_maximum"),
        *("blank_share", "duplicate_share", "leaked_share"),
    )
    pixels = {"pixel_minimum": minimum, "pixel_maximum": maximum}
    return Expectations.model_validate(counts | dict.fromkeys(shares, 0) | pixels)


def described(images: Array, minimum: float, maximum: float) -> ImageFormat:
    background = measure(images)["background"][0]
    return image_format(images, float(background), declared(minimum, maximum))


def strokes(low: float, high: float, dtype: str) -> Array:
    """Two images of 6 x 4 pixels: a stroke of ``high`` on ``low``."""
    images = np.full((2, 6, 4), low)
    images[:, 1:5, 1:3] = high
    return images.astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("uint8", 0, 255),
        ("int8", -128, 127),
        ("int16", -500, 5499),
        ("int32", 0, 100_000),
        ("float32", 0, 1),
        ("float64", -1, 1),
        ("uint8", 0, 16),
    ],
)
def test_images_keep_their_type_and_range(dtype: str, low: float, high: float) -> None:
    light_ink = described(strokes(low, high, dtype), low, high)
    dark_ink = described(strokes(high, low, dtype), low, high)

    assert (light_ink.height, light_ink.width, light_ink.dtype) == (6, 4, dtype)
    assert (light_ink.minimum, light_ink.maximum) == (low, high)
    assert (light_ink.background, dark_ink.background) == ("minimum", "maximum")


def test_digits_of_mnist_are_light_on_dark(small_mnist: dict[str, Array]) -> None:
    images = small_mnist["train_images"]

    assert described(images, 0, 255).background == "minimum"
    assert described(255 - images, 0, 255).background == "maximum"


def test_strokes_that_reach_the_border_are_still_ink() -> None:
    images = np.zeros((2, 4, 4), np.uint8)
    images[:, :, 1:3] = 255

    assert described(images, 0, 255).background == "minimum"


def test_a_range_beyond_the_type_ends_with_the_type() -> None:
    form = described(strokes(0, 255, "uint8"), -1, 300)

    assert (form.minimum, form.maximum) == (0, 255)


@pytest.mark.parametrize(
    ("images", "minimum", "maximum"),
    [
        (strokes(0, 1, "float32"), 0, 255),
        (strokes(7, 7, "uint8"), 0, 255),
        (strokes(7, 7, "uint8"), 7, 7),
        (strokes(0, 100, "int8"), 200, 300),
    ],
)
def test_images_of_another_range_than_the_declared_one_are_refused(
    images: Array, minimum: float, maximum: float
) -> None:
    with pytest.raises(DescriptionError, match="correct pixel_minimum and pixel_maximum") as error:
        described(images, minimum, maximum)

    assert f"found pixels from {images.min():g} to {images.max():g}" in str(error.value)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"dtype": "object"}, "dtype"),
        ({"height": 0}, "height"),
        ({"height": 10_000, "width": 10_000}, "images must have at most 40000000 pixels"),
        ({"maximum": 256.0}, "minimum must be below maximum, and both uint8"),
        ({"minimum": 255.0}, "minimum must be below maximum, and both uint8"),
        ({"background": "white"}, "background"),
        ({"colour": True}, "colour"),
    ],
)
def test_a_format_that_no_images_have_is_refused(changed: dict[str, Any], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        ImageFormat.model_validate(FORM | changed)
