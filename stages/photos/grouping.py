"""Group the parts of strokes into digits, and the digits into lines of writing."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from stages.photos.parts import Box, Part
from stages.shared.artifacts import Array

# Least height of a digit, in pixels.
_LOWEST = 12
# Share of the tallest digit's height; anything lower, unless part of another digit, is a blot.
_LOW = 0.4
# Share of the strongest ink; anything fainter is a stain.
_FAINT = 0.35
# Greatest height of a detached part, as a share of the digit's height.
_PART = 0.6
# Greatest distance of such a part above or below the digit, and beside it; shares of its height.
_GAP, _ASIDE = 0.2, 0.12
# The same above or below for a taller part, from a broken stroke.
_BREAK = 0.1
# Share of its own height; a part that overlaps a digit by more is beside it.
_BESIDE = 0.3
# Width of an underline, as a multiple of its height.
_FLAT = 3.0
# Greatest slope of lines of writing, as pixels down per pixel across, and the steps in between.
_SLOPE, _STEPS = 0.35, 71
# Fewest digits that show a slope.
_SEVERAL = 3
# Share of the digits' height: the accuracy of their places, and the least distance between lines.
_PLACE, _APART = 0.1, 0.5


def grouped(parts: Sequence[Part]) -> list[list[Part]]:
    """Group the parts of each digit; drop stains, underlines, and what is too low for a digit."""
    parts = _without_stains(parts)
    digits: list[list[Part]] = []
    lowest = max(_LOWEST, _LOW * max((part.box.height for part in parts), default=0))
    for part in sorted(parts, key=lambda part: -part.box.height):
        owner = next((digit for digit in digits if _belongs(part.box, around(digit))), None)
        if owner is not None:
            owner.append(part)
        elif part.box.height >= lowest:
            digits.append([part])
    return digits


def _without_stains(parts: Sequence[Part]) -> list[Part]:
    """Return the parts without those far fainter than the ink of the tall parts."""
    tallest = max((part.box.height for part in parts), default=0)
    tall = [part.strength for part in parts if part.box.height >= _LOW * tallest]
    return [part for part in parts if part.strength > _FAINT * max(tall)]


def _belongs(part: Box, digit: Box) -> bool:
    if _underlines(part, digit):
        return False
    apart = max(digit.top - part.bottom, part.top - digit.bottom)
    aside = max(digit.left - part.right, part.left - digit.right)
    if part.height <= _PART * digit.height:
        return apart <= _GAP * digit.height and aside <= _ASIDE * digit.height
    # Taller parts side by side are separate digits.
    stacked = -aside >= min(part.width, digit.width) / 2
    return stacked and -_BESIDE * part.height <= apart <= _BREAK * digit.height


def _underlines(part: Box, digit: Box) -> bool:
    return (
        part.width >= _FLAT * part.height
        and part.left <= digit.left
        and digit.right <= part.right
        and part.top + part.bottom >= 2 * digit.bottom
    )


def around(parts: Sequence[Part]) -> Box:
    """Return the box around all parts."""
    tops, lefts, bottoms, rights = zip(*(part.box for part in parts), strict=True)
    return Box(min(tops), min(lefts), max(bottoms), max(rights))


def reading_order(digits: Sequence[Sequence[Part]]) -> list[Sequence[Part]]:
    """Sort by lines from top to bottom, which may slope, and each from left to right."""
    if not digits:
        return []
    boxes = [around(digit) for digit in digits]
    across, down = (
        np.array([sum(ends) / 2 for ends in pairs])
        for pairs in (
            [(box.left, box.right) for box in boxes],
            [(box.top, box.bottom) for box in boxes],
        )
    )
    height = float(np.median([box.height for box in boxes]))
    level = down - _slope(across, down, height) * across
    order = np.argsort(level)
    line = np.empty(len(digits), int)
    line[order] = np.cumsum(np.diff(level[order], prepend=level[order[0]]) > _APART * height)
    return [digits[number] for number in np.lexsort((across, line))]


def _slope(across: Array, down: Array, height: float) -> float:
    """Return the slope along which most digits are in line with others."""
    if len(across) < _SEVERAL:
        return 0.0
    # Of equally good slopes, the least.
    slopes = sorted(np.linspace(-_SLOPE, _SLOPE, _STEPS), key=abs)
    return float(max(slopes, key=lambda slope: _in_line(down - slope * across, height)))


def _in_line(levels: Array, height: float) -> float:
    """Return a number that grows with the pairs of digits at the same level."""
    steps = np.rint((levels - levels.min()) / (_PLACE * height)).astype(int)
    count = ndimage.gaussian_filter1d(np.bincount(steps).astype(float), 1, mode="constant")
    return float((count**2).sum())
