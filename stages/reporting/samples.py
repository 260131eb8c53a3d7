"""Choose the images in the report by fixed rules, so that the same data give the same picture."""

import numpy as np

from stages.shared.artifacts import Array
from stages.shared.blocks import blocks

MISCLASSIFIED = 40
"""Most wrong answers in the report; they are ranked, so these are the most confident."""


def grid(labels: Array, classes: int, rows: int) -> Array:
    """Choose the first images of each class.

    Args:
        labels: ``(n,)`` integers, the class of each image.
        classes: the number of classes.
        rows: the number of images of each class.

    Returns:
        ``(rows, classes)`` int64 indices of images, -1 where the class has no more.
    """
    chosen = np.full((rows, classes), -1)
    for number in range(classes):
        first = np.flatnonzero(labels == number)[:rows]
        chosen[: len(first), number] = first
    return chosen


def lookalikes(
    images: Array, labels: Array, of: int, resembling: int, count: int
) -> tuple[Array, Array]:
    """Choose images of one class: half of them typical, half similar to another class.

    The typical images are nearest to the mean image of their own class. The lookalikes are those of
    the others with the smallest ratio of the distance to the other class's mean to the distance to
    their own.

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype.
        labels: ``(n,)`` integers, the class of each image.
        of: the class to choose from.
        resembling: the other class.
        count: the number of images in all, or fewer if the class has fewer.

    Returns:
        Indices of the typical images and of the lookalikes, each int64, best match first; if the
        number is odd, there is one more typical image.
    """
    members = np.flatnonzero(labels == of)
    to_own = _distances(images, members, _mean(images, members))
    to_other = _distances(images, members, _mean(images, np.flatnonzero(labels == resembling)))
    shown = min(count, len(members))
    by_likeness = np.argsort(to_own, kind="stable")
    typical, rest = np.split(by_likeness, [shown - shown // 2])
    # An image equal to its class's mean is no lookalike: 1 keeps its quotient finite and high.
    quotient = to_other[rest] / np.where(to_own[rest] > 0, to_own[rest], 1)
    alike = rest[np.argsort(quotient, kind="stable")][: shown // 2]
    return members[typical], members[alike]


def _mean(images: Array, chosen: Array) -> Array:
    total = np.zeros(images.shape[1:])
    for block in blocks(images, len(chosen)):
        total += images[chosen[block]].sum(axis=0, dtype=np.float64)
    return total / max(len(chosen), 1)


def _distances(images: Array, chosen: Array, mean: Array) -> Array:
    """Return squared Euclidean distances."""
    axes = tuple(range(1, images.ndim))
    parts = [
        np.square(images[chosen[block]] - mean).sum(axis=axes)
        for block in blocks(images, len(chosen))
    ]
    return np.concatenate([np.empty(0), *parts])
