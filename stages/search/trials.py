"""Define what a search trains, and what it learns from it."""

from pathlib import Path
from typing import NamedTuple

from stages.params.machine import Machine
from stages.params.recipe import Recipe


class Study(NamedTuple):
    """What all trials of a search have in common; paths are below the working directory."""

    arrays: Path
    """Folder of the training images and labels."""
    scores: Path
    """Folder of scores and checkpoints, each named by the hash of everything that determines it."""
    machine: Machine
    """How a machine trains."""
    classes: int
    """The number of classes."""
    folds: int
    """The number of parts of the training images."""
    seed: int
    """Determines the parts, and which images are drawn."""


class Trial(NamedTuple):
    """A training that is scored on the images of one part."""

    recipe: Recipe
    fold: int
    """The part that validates, from 0."""
    images: int | None = None
    """How many images of the other parts are fitted; None means all."""


class Score(NamedTuple):
    """How well the validation images are classified."""

    accuracy: float
    """Share of the images that are classified correctly; not a number if the training diverged."""
    loss: float
    """Mean cross-entropy of the images, in nats; not a number if the training diverged."""
    device: str
    """The class of device that trained: scores of one class are comparable to the last digit."""
    diverged: str = ""
    """Why the training has no score, if it diverged."""
