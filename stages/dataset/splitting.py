"""Choose which training images are fitted and which are used for validation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split

from stages.shared.artifacts import Array
from stages.shared.errors import UserError


class SplitError(UserError):
    """The training images cannot be split as requested."""


def split(
    labels: Array, strategy: Literal["tail", "stratified"], validation_images: int, seed: int
) -> dict[str, Array]:
    """Split the training images into two sets of indices, each in ascending order.

    Args:
        labels: ``(n,)`` integers, the class of each training image.
        strategy: ``tail`` takes the last images for validation; ``stratified`` draws them at random
            so that each class keeps its share.
        validation_images: the number of validation images, at least 1 and fewer than ``n``.
        seed: determines the draw of ``stratified``.

    Returns:
        ``fit`` and ``validation``: int64 indices into the training images, without overlap.

    Raises:
        SplitError: too few images, in all or of one class, for such a split.
    """
    count = len(labels)
    if validation_images >= count:
        raise SplitError(
            f"split.validation_images must leave images to fit: expected fewer than {count}, "
            f"found {validation_images}."
        )
    indices = np.arange(count)
    if strategy == "tail":
        return {"fit": indices[:-validation_images], "validation": indices[-validation_images:]}
    with _possible("a stratified split"):
        fit, validation = train_test_split(
            indices, test_size=validation_images, stratify=labels, random_state=seed
        )
    return {"fit": np.sort(fit), "validation": np.sort(validation)}


def folds(labels: Array, count: int, seed: int) -> list[dict[str, Array]]:
    """Divide the training images into parts, each of which validates a fit on the others.

    Args:
        labels: ``(n,)`` integers, the class of each training image; each class keeps its share.
        count: the number of parts, at least 2.
        seed: determines the draw.

    Returns:
        For each part ``fit`` and ``validation``, as ``split`` returns them.

    Raises:
        SplitError: a class has fewer images than there are parts.
    """
    smallest = np.bincount(labels)[np.unique(labels)].min()
    if smallest < count:
        raise SplitError(
            f"folds: expected at most {smallest}, the images of the smallest class, found {count}; "
            "lower it."
        )
    parts = StratifiedKFold(count, shuffle=True, random_state=seed).split(labels, labels)
    return [{"fit": fit, "validation": validation} for fit, validation in parts]


def sample(indices: Array, labels: Array, count: int, seed: int) -> Array:
    """Draw some of the images so that each class keeps its share.

    Args:
        indices: of the images to draw from.
        labels: ``(n,)`` integers, the class of every training image.
        count: the number of images to draw, at most all.
        seed: determines the draw.

    Returns:
        Their indices, in ascending order.

    Raises:
        SplitError: ``count`` is more than there are, or too few for every class.
    """
    if count == len(indices):
        return indices
    if count > len(indices):
        raise SplitError(
            f"learning_curve.images: expected at most {len(indices)}, the images that the folds "
            f"leave to fit, found {count}; lower it."
        )
    with _possible(f"a stratified draw of {count} images"):
        drawn, _ = train_test_split(
            indices, train_size=count, stratify=labels[indices], random_state=seed
        )
    return np.sort(drawn)


@contextmanager
def _possible(what: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise SplitError(f"{what} is not possible here: {error}") from error
