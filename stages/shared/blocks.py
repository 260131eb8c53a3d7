"""Read arrays that may not fit into memory, a block at a time."""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np

BLOCK_BYTES = 4096 * 28 * 28
"""Size of a block: 4,096 images of MNIST."""


def blocks(array: np.ndarray[Any, Any], count: int | None = None) -> Iterator[slice]:
    """Divide rows into blocks, each of at most ``BLOCK_BYTES`` or of one row.

    After each block, the memory of those before it is released.

    Args:
        array: ``(n, ...)`` of any dtype, which has such rows; may be memory-mapped.
        count: the number of rows to divide; None means all of the array.
    """
    count = len(array) if count is None else count
    together = max(1, BLOCK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, count, together):
        yield slice(start, min(start + together, count))
        release(array)


def release(array: np.ndarray[Any, Any]) -> None:
    """Release the memory that holds what was read of a memory-mapped array; it can be read again.

    Otherwise a process that reads a large file seems to need as much memory.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap):
        base.madvise(mmap.MADV_DONTNEED)


def extremes(array: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the lowest and the highest value of an array, which may be memory-mapped."""
    ends = [(array[block].min(), array[block].max()) for block in blocks(array)]
    lowest, highest = zip(*ends, strict=True)
    return float(min(lowest)), float(max(highest))
