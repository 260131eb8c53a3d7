"""Choose which training images are fitted and which are used for validation."""

from typing import Literal

import numpy as np
from scipy.special import chdtrc

from stages.shared.artifacts import Array
from stages.shared.errors import UserError

_HARDLY_EVER = 1e-6


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
    fit, validation = draw(indices, labels, count - validation_images, seed, "a stratified split")
    return {"fit": fit, "validation": validation}


def has_other_classes(labels: Array, fit: Array, validation: Array) -> bool:
    """Whether the classes of validation images have other shares than those of the fit images.

    By Pearson's chi-squared test of homogeneity (1900), at one in a million: of images in random
    order, the last ones hardly ever differ so much; of images sorted by class, they do.

    Args:
        labels: ``(n,)`` integers, the class of each training image.
        fit: indices of the images to fit.
        validation: indices of the others.
    """
    present, classes = np.unique(labels, return_inverse=True)
    found = np.stack(
        [np.bincount(classes[chosen], minlength=len(present)) for chosen in (fit, validation)]
    )
    expected = np.outer(found.sum(axis=1), found.sum(axis=0)) / len(labels)
    statistic = (np.square(found - expected) / expected).sum()
    return bool(chdtrc(max(len(present) - 1, 1), statistic) < _HARDLY_EVER)


def draw(indices: Array, labels: Array, count: int, seed: int, what: str) -> tuple[Array, Array]:
    """Draw some of the images at random so that each class keeps its share.

    Args:
        indices: ``(n,)``, of the images to draw from.
        labels: ``(n,)`` integers, their classes.
        count: the number of images to draw, fewer than ``n``.
        seed: determines the draw.
        what: named in an error.

    Returns:
        The indices of those drawn, and of the others, each in ascending order.

    Raises:
        SplitError: ``count`` leaves too few, in all or of one class.
    """
    # Its import takes a second, which a split by `tail` does not need.
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    try:
        parts = train_test_split(indices, train_size=count, stratify=labels, random_state=seed)
    except ValueError as error:
        raise SplitError(f"{what} is not possible here: {error}") from error
    drawn, others = map(np.sort, parts)
    return drawn, others
