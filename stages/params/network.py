"""Define the network of a recipe: each value's type, range and meaning, and the layers' shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from stages.shared.errors import UserError
from stages.shared.section import Section, within

Padding = Literal["VALID", "SAME"]


class Convolution(Section):
    """A convolution with bias and ReLU, and maximum pooling (no pooling if both pools are 1)."""

    channels: Annotated[int, within(1, 4096)]
    kernel: Annotated[int, within(1, 64)]
    padding: Padding
    pool: Annotated[int, within(1, 64)]
    pool_stride: Annotated[int, within(1, 64)]
    pool_padding: Padding


class NetworkParams(Section):
    """Convolutions, a dense layer with ReLU and dropout, and a linear layer to the classes."""

    convolutions: tuple[Convolution, ...]
    batch_normalization: bool = False
    """Normalize the output of each convolution, after its pooling (Ioffe and Szegedy, 2015)."""
    dense_units: Annotated[int, within(1, 65536)]
    """Units of the layer between the convolutions and the classes."""
    dropout: Annotated[float, within(0, 0.99)] = 0.0
    """Share of those units that a training step leaves out (Srivastava and others, 2014)."""
    views: Literal[1, 5] = 1
    """Views of an image over whose probabilities a prediction is averaged: only the image, or also
    the four shifted by one pixel along an axis (after Krizhevsky and others, 2012)."""
    calibration: Literal["none", "temperature"] = "none"
    """How probabilities are corrected: not at all, or by a temperature, which ``train`` fits to the
    validation images (Guo and others, 2017, section 4.2)."""


class NetworkError(UserError):
    """The network does not fit the images."""


@dataclass(frozen=True)
class Layer:
    """A layer with weights."""

    name: str
    kernel: tuple[int, ...]
    """``(rows, columns, inputs, outputs)`` of a convolution, or ``(inputs, outputs)``."""
    output: tuple[int, ...]
    """``(height, width, channels)`` of a convolution before its pooling, or ``(units,)``."""

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        weights = 1
        for size in self.kernel:
            weights *= size
        return weights + self.kernel[-1]


def layers(network: NetworkParams, image_shape: Sequence[int], classes: int) -> tuple[Layer, ...]:
    """List the layers that have weights, first to last.

    Args:
        network: the recipe's architecture.
        image_shape: ``(height, width)`` of grey images, or ``(height, width, channels)``.
        classes: the number of classes.

    Raises:
        NetworkError: the output of a convolution or pooling would be empty.
    """
    found: list[Layer] = []
    height, width, channels = (*image_shape, 1)[:3]
    for number, convolution in enumerate(network.convolutions, start=1):
        name = f"conv_{number}"
        kernel, pool = convolution.kernel, convolution.pool
        place = f"network.convolutions.{number - 1}"
        _check_fits(f"{place}.kernel", kernel, convolution.padding, height, width)
        height = output_size(height, kernel, 1, convolution.padding)
        width = output_size(width, kernel, 1, convolution.padding)
        found.append(
            Layer(
                name,
                (kernel, kernel, channels, convolution.channels),
                (height, width, convolution.channels),
            )
        )
        _check_fits(f"{place}.pool", pool, convolution.pool_padding, height, width)
        height = output_size(height, pool, convolution.pool_stride, convolution.pool_padding)
        width = output_size(width, pool, convolution.pool_stride, convolution.pool_padding)
        channels = convolution.channels
    first = len(found) + 1
    units = network.dense_units
    found.append(Layer(f"fc_{first}", (height * width * channels, units), (units,)))
    found.append(Layer(f"fc_{first + 1}", (units, classes), (classes,)))
    return tuple(found)


def output_size(size: int, window: int, stride: int, padding: Padding) -> int:
    """Return the number of window positions along an axis, by TensorFlow's two paddings.

    VALID: ``ceil((size - window + 1) / stride)``; SAME: ``ceil(size / stride)`` (TensorFlow,
    ``tf.nn``, "Notes on padding").
    """
    places = size - window + 1 if padding == "VALID" else size
    return -(-places // stride)


def _check_fits(place: str, window: int, padding: Padding, height: int, width: int) -> None:
    if padding == "VALID" and window > min(height, width):
        raise NetworkError(
            f"{place} does not fit: expected at most {min(height, width)} for the {height}x{width} "
            f"pixels that reach it, found {window}; make it smaller or its padding SAME."
        )
