"""Define the sections of a recipe: each value's type, range, meaning and source."""

from typing import Annotated, Literal

from stages.params.base import Count, Section, Share, within


class Split(Section):
    """Choice of validation images: the last, or a seeded draw that keeps the class shares."""

    strategy: Literal["tail", "stratified"]
    validation_images: Count


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
    batch_normalization: bool
    """Normalize the output of each convolution, after its pooling (Ioffe and Szegedy, 2015)."""
    dense_units: Annotated[int, within(1, 65536)]
    """Units of the layer between the convolutions and the classes."""
    dropout: Annotated[float, within(0, 0.99)]
    """Share of those units that a training step leaves out (Srivastava and others, 2014)."""
    views: Literal[1, 5]
    """Views of an image over whose probabilities a prediction is averaged: only the image, or also
    the four shifted by one pixel along an axis (after Krizhevsky and others, 2012)."""


Interpolation = Literal["bilinear", "bicubic"]


class Augmentation(Section):
    """Random distortion of training images, by amounts drawn uniformly from ``[-value, value]``."""

    shift: Annotated[float, within(0, 64)]
    """Pixels, along each axis."""
    rotation: Annotated[float, within(0, 180)]
    """Degrees."""
    scale: Annotated[float, within(0, 0.9)]
    """Relative change of size."""
    shear: Annotated[float, within(0, 1)]
    """Horizontal displacement per unit of height."""
    elastic: Annotated[float, within(0, 64)]
    """Largest smooth displacement along each axis, in pixels (Simard and others, 2003)."""
    interpolation: Interpolation
    """How distorted images are read between pixels; ``bicubic`` (Keys, 1981) takes longer and blurs
    less, which helps long trainings."""


class Training(Section):
    """How the network's weights are fitted."""

    epochs: Annotated[int, within(1, 10_000)]
    """Number of passes over the images."""
    batch_size: Count
    """Number of images in a step."""
    shuffle: bool
    """Draw a new order of the images for each epoch."""
    learning_rate: Annotated[float, within(1e-9, 10)]
    """Highest rate of the schedule; with no warm-up and no decay, the only one."""
    warmup: Share
    """Share of all steps over which the rate rises linearly from 0."""
    decay: Literal["none", "linear", "cosine"]
    """How the rate falls to 0 over the steps after the warm-up."""
    beta_1: Annotated[float, within(0, 0.9999)]
    """Share of the gradients' running mean that a step keeps (Kingma and Ba, 2015)."""
    beta_2: Annotated[float, within(0, 0.999999)]
    """Share of the running mean of their squares that a step keeps."""
    epsilon: Annotated[float, within(1e-12, 1)]
    """Added to the root of the squares' mean, to avoid division by zero."""
    weight_decay: Share
    """Share of each kernel that a step at a learning rate of 1 would remove (Loshchilov and Hutter,
    2019)."""
    label_smoothing: Annotated[float, within(0, 0.5)]
    """Share of each label that is spread over all classes (Szegedy and others, 2016, section 7)."""
    averaging: Share
    """Share of all steps, counted from the end, over which the weights are averaged; 0 uses the
    last weights (Izmailov and others, 2018)."""
    augmentation: Augmentation


class Recipe(Section):
    """Everything that determines a model, given the data set."""

    seed: Annotated[int, within(0, 2**31 - 1)]
    split: Split
    network: NetworkParams
    training: Training
