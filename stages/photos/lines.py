"""Remove the printed lines of ruled or squared paper, and keep the strokes that cross them."""

import numpy as np

from stages.shared.artifacts import Array

# Greatest slope of printed lines, as pixels down per pixel across, and the steps in between.
_SLOPE, _STEPS = 0.18, 73
# Of the ink, at most so many pixels are needed to find the slope.
_SAMPLE = 10_000
# Share of a line's length that must be ink: a digit covers some, and in bad light some is lost.
_INKED = 0.6
# Pixels; a corner with less of a line is left to be found too small.
_SHORTEST = 12
# Ruled paper has at least this many lines; fewer may be a pen's.
_LEAST = 3
# Share of the distance between lines; wider ones are no printed lines.
_WIDEST = 0.25


def without_lines(inked: Array) -> Array:
    """Drop parallel straight lines that run through the picture, upright or level.

    Args:
        inked: ``(height, width)`` bool.

    Returns:
        Of the same shape. A stroke keeps its ink where it crosses a line or runs along it.
    """
    return _without_level(_without_level(inked).T).T


def _without_level(inked: Array) -> Array:
    rows, columns = np.nonzero(inked)
    if not rows.size:
        return inked
    slope = _slope(rows, columns)
    # Each column is shifted so that the lines become rows.
    shifts = np.rint(slope * (np.arange(inked.shape[1]) - inked.shape[1] / 2)).astype(int)
    margin = int(np.abs(shifts).max()) + 1
    shifted = rows - shifts[columns] + margin
    count = np.bincount(shifted, minlength=inked.shape[0] + 2 * margin)
    # A line that leaves the picture at a corner is shorter.
    begins = np.bincount(margin - shifts, minlength=count.size)
    length = np.cumsum(begins - np.roll(begins, inked.shape[0]))
    starts, ends = _edges(count > np.maximum(_INKED * length, _SHORTEST))
    if len(starts) < _LEAST or np.median(ends - starts) > _WIDEST * np.median(np.diff(starts)):
        return inked
    straight = np.zeros((count.size, inked.shape[1]), bool)
    straight[shifted, columns] = True
    for start, end in zip(starts, ends, strict=True):
        # The soft edge of a line is one pixel wide.
        above, below = max(0, start - 1), min(count.size, end + 1)
        crossed = straight[max(0, above - 2) : above].any(axis=0)
        crossed |= straight[below : below + 2].any(axis=0)
        straight[above:below] &= crossed
    left = np.zeros_like(inked)
    left[rows, columns] = straight[shifted, columns]
    return left


def _slope(rows: Array, columns: Array) -> float:
    """Return the slope at which the ink gathers most in few rows."""
    step = -(-rows.size // _SAMPLE)
    rows, columns = rows[::step], columns[::step]
    slopes = np.linspace(-_SLOPE, _SLOPE, _STEPS)
    gathered = []
    for slope in slopes:
        shifted = np.rint(rows - slope * columns).astype(int)
        gathered.append((np.bincount(shifted - shifted.min()) ** 2.0).sum())
    return float(slopes[np.argmax(gathered)])


def _edges(lines: Array) -> tuple[Array, Array]:
    """Return the first row of each line, and the first one below it."""
    changes = np.diff(lines.astype(int), prepend=0, append=0)
    return np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
