"""Define the training of a recipe: each value's type, range, meaning and source.

A value with a default need not be in params.yaml; a default turns off what it belongs to.
"""

from typing import Annotated, Literal

from stages.shared.section import Count, Section, Share, within

Interpolation = Literal["bilinear", "bicubic"]


class Augmentation(Section):
    """Random distortion of training images, by amounts drawn uniformly from ``[-value, value]``."""

    shift: Annotated[float, within(0, 64)] = 0.0
    """Pixels, along each axis."""
    rotation: Annotated[float, within(0, 180)] = 0.0
    """Degrees."""
    scale: Annotated[float, within(0, 0.9)] = 0.0
    """Relative change of size."""
    shear: Annotated[float, within(0, 1)] = 0.0
    """Horizontal displacement per unit of height."""
    elastic: Annotated[float, within(0, 64)] = 0.0
    """Largest smooth displacement along each axis, in pixels (Simard and others, 2003)."""
    interpolation: Interpolation = "bilinear"
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
    warmup: Share = 0.0
    """Share of all steps over which the rate rises linearly from 0."""
    decay: Literal["none", "linear", "cosine"] = "none"
    """How the rate falls to 0 over the steps after the warm-up."""
    beta_1: Annotated[float, within(0, 0.9999)]
    """Share of the gradients' running mean that a step keeps (Kingma and Ba, 2015)."""
    beta_2: Annotated[float, within(0, 0.999999)]
    """Share of the running mean of their squares that a step keeps."""
    epsilon: Annotated[float, within(1e-12, 1)]
    """Added to the root of the squares' mean, to avoid division by zero."""
    weight_decay: Share = 0.0
    """Share of each kernel that a step at a learning rate of 1 would remove (Loshchilov and Hutter,
    2019)."""
    label_smoothing: Annotated[float, within(0, 0.5)] = 0.0
    """Share of each label that is spread over all classes (Szegedy and others, 2016, section 7)."""
    outliers: Share = 0.0
    """Random pen strokes and blots added to each batch, as a share of its images; the network
    learns to be sure of no class (Hendrycks, Mazeika and Dietterich, 2019)."""
    averaging: Share = 0.0
    """Share of all steps, counted from the end, over which the weights are averaged; 0 uses the
    last weights (Izmailov and others, 2018)."""
    augmentation: Augmentation = Augmentation()
