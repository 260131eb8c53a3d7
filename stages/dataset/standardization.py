"""Measure the training images' mean, scale and background, by which images are standardized."""

from collections.abc import Iterator

import numpy as np

from stages.shared.artifacts import Array
from stages.shared.blocks import blocks


def measure(images: Array, rows: Array | None = None) -> dict[str, Array]:
    """Measure the numbers that standardize images: ``(image - mean) / standard_deviation``.

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype; may be
            memory-mapped.
        rows: ``(m,)`` integers: the images among the ``n`` to measure; None means all.

    Returns:
        ``mean``: float32 in the shape of an image, pixel by pixel over the images;
        ``standard_deviation``: ``(1,)`` float32, of all pixels of all images about their overall
        mean, or 1 if all pixels are equal;
        ``background``: ``(1,)`` float32, the smallest or the largest pixel, whichever is nearer to
        the mean of the images' border.
    """
    rows = np.arange(len(images)) if rows is None else rows
    measured = [(block.sum(axis=0), block.min(), block.max()) for block in _blocks(images, rows)]
    sums, smallest, largest = zip(*measured, strict=True)
    mean = np.sum(sums, axis=0) / len(rows)
    # A second pass about the overall mean loses no digits; the mean of squares would.
    squares = sum(np.square(block - mean.mean()).sum() for block in _blocks(images, rows))
    deviation = np.sqrt(squares / (len(rows) * mean.size)) or 1.0
    return {
        "mean": mean.astype(np.float32),
        "standard_deviation": np.array([deviation], np.float32),
        "background": np.array([_background(mean, min(smallest), max(largest))], np.float32),
    }


def _background(mean: Array, smallest: float, largest: float) -> float:
    border = np.ones(mean.shape[:2], bool)
    border[1:-1, 1:-1] = False
    return smallest if mean[border].mean() <= (smallest + largest) / 2 else largest


def _blocks(images: Array, rows: Array) -> Iterator[Array]:
    for block in blocks(images, len(rows)):
        yield images[rows[block]].astype(np.float64)
