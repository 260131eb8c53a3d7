"""Measure the training images' mean and scale, by which every image is standardized."""

from collections.abc import Iterator

import numpy as np

from stages.shared.artifacts import Array

# Convert images to float64 one block at a time, to save memory.
BLOCK = 4096


def measure(images: Array, rows: Array | None = None) -> dict[str, Array]:
    """Measure the numbers that standardize images: ``(image - mean) / standard_deviation``.

    Args:
        images: ``(n, height, width)`` of any real dtype; may be memory-mapped.
        rows: ``(m,)`` integers: the images among the ``n`` to measure; None means all.

    Returns:
        ``mean``: ``(height, width)`` float32, pixel by pixel over the images;
        ``standard_deviation``: ``(1,)`` float32, of all pixels of all images about their overall
        mean, or 1 if all pixels are equal.
    """
    rows = np.arange(len(images)) if rows is None else rows
    mean = np.sum([block.sum(axis=0) for block in _blocks(images, rows)], axis=0) / len(rows)
    # A second pass about the overall mean loses no digits; the mean of squares would.
    squares = sum(np.square(block - mean.mean()).sum() for block in _blocks(images, rows))
    deviation = np.sqrt(squares / (len(rows) * mean.size)) or 1.0
    return {
        "mean": mean.astype(np.float32),
        "standard_deviation": np.array([deviation], np.float32),
    }


def _blocks(images: Array, rows: Array) -> Iterator[Array]:
    for start in range(0, len(rows), BLOCK):
        yield images[rows[start : start + BLOCK]].astype(np.float64)
