"""Divide arrays that may not fit into memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np

BLOCK_BYTES = 4096 * 28 * 28
"""Size of a block: 4,096 images of MNIST."""


def blocks(array: np.ndarray[Any, Any], count: int | None = None) -> Iterator[slice]:
    """Divide rows into blocks, each of at most ``BLOCK_BYTES`` or of one row.

    Args:
        array: ``(n, ...)`` of any dtype, which has such rows; may be memory-mapped.
        count: the number of rows to divide; None means all of the array.
    """
    count = len(array) if count is None else count
    together = max(1, BLOCK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, count, together):
        yield slice(start, min(start + together, count))
