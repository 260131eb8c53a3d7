"""Define the network of a recipe: each value's type, range, meaning and source."""

from typing import Annotated, Literal

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
