"""Find the digits on a picture: which ink belongs to which, and in what order they are read."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.measure import label, regionprops

from stages.artifacts import Array
from stages.dataset.ink import ink

# Ink at half its strength is the edge of a stroke.
_EDGE = 0.5
# Of the picture's height or width: what is longer is a ruled line, a shadow or the paper's edge.
_LONGEST = 0.9
# Pixels: a digit is at least so high.
_LOWEST = 8
# Of the tallest digit's height: what is lower, and no part of another digit, is a blot.
_LOW = 0.4
# Of a digit's height: a part of it that lies apart is at most so high, ...
_PART = 0.6
# ... at most so far above or below it, and at most so far beside it.
_GAP, _ASIDE = 0.2, 0.12
# Of a digit's height: a higher part, of a stroke that broke, is at most so far above or below it.
_BREAK = 0.1
# Of its own height: a part that shares more than so much with a digit stands beside it.
_BESIDE = 0.3


class Box(NamedTuple):
    """A part of a picture, in its pixels; ``bottom`` and ``right`` are the first outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self.right - self.left


class Digit(NamedTuple):
    """A digit as it was written."""

    box: Box
    """Where, in the picture as ``ink`` gives it."""
    strokes: Array
    """``box.height`` by ``box.width`` float32, its own ink alone, from 0 to 1."""


class _Part(NamedTuple):
    """Connected ink."""

    box: Box
    number: int


def find(brightness: Array) -> list[Digit]:
    """Find the digits on a picture, in lines from top to bottom, in a line from left to right.

    Digits that touch each other are found as one. A part that lies apart, such as the bar of a 5,
    is found with its digit.

    Args:
        brightness: ``(height, width)`` float32 from 0, black, to 1, white.

    Returns:
        The digits; none where nothing is written.
    """
    written = ink(brightness)
    numbered = label(written > _EDGE, connectivity=2)
    parts = [_Part(Box(*region.bbox), region.label) for region in regionprops(numbered)]
    digits = _reading_order(_grouped(_inside(parts, *written.shape)))
    return [_cut_out(written, numbered, digit) for digit in digits]


def _inside(parts: Sequence[_Part], height: int, width: int) -> Sequence[_Part]:
    """Leave out what runs through the picture, unless it is all there is: a digit cut closely."""
    inside = [
        part
        for part in parts
        if part.box.height < _LONGEST * height and part.box.width < _LONGEST * width
    ]
    return inside or parts


def _grouped(parts: Sequence[_Part]) -> list[list[_Part]]:
    """Put the parts of each digit together, and leave out what is too low for one."""
    digits: list[list[_Part]] = []
    lowest = max(_LOWEST, _LOW * max((part.box.height for part in parts), default=0))
    for part in sorted(parts, key=lambda part: -part.box.height):
        owner = next((digit for digit in digits if _belongs(part.box, _around(digit))), None)
        if owner is not None:
            owner.append(part)
        elif part.box.height >= lowest:
            digits.append([part])
    return digits


def _belongs(part: Box, digit: Box) -> bool:
    apart = max(digit.top - part.bottom, part.top - digit.bottom)
    aside = max(digit.left - part.right, part.left - digit.right)
    if part.height <= _PART * digit.height:
        return apart <= _GAP * digit.height and aside <= _ASIDE * digit.height
    # Higher parts side by side are digits of their own.
    stacked = -aside >= min(part.width, digit.width) / 2
    return stacked and -_BESIDE * part.height <= apart <= _BREAK * digit.height


def _around(parts: Sequence[_Part]) -> Box:
    tops, lefts, bottoms, rights = zip(*(part.box for part in parts), strict=True)
    return Box(min(tops), min(lefts), max(bottoms), max(rights))


def _reading_order(digits: Sequence[list[_Part]]) -> list[list[_Part]]:
    """Sort by lines: a digit is on the line of another if its middle is at the other's height."""
    lines: list[list[list[_Part]]] = []
    for digit in sorted(digits, key=lambda digit: _around(digit).top):
        box = _around(digit)
        middle = (box.top + box.bottom) / 2
        line = next((line for line in lines if middle < _around(line[0]).bottom), None)
        if line is None:
            lines.append([digit])
        else:
            line.append(digit)
    return [digit for line in lines for digit in sorted(line, key=lambda one: _around(one).left)]


def _cut_out(written: Array, numbered: Array, parts: Sequence[_Part]) -> Digit:
    """Take the digit's own ink, with the soft edges of its strokes."""
    box = _around(parts)
    margin = max(1, round(_ASIDE / 2 * max(box.height, box.width)))
    height, width = written.shape
    wider = Box(
        max(0, box.top - margin),
        max(0, box.left - margin),
        min(height, box.bottom + margin),
        min(width, box.right + margin),
    )
    place = slice(wider.top, wider.bottom), slice(wider.left, wider.right)
    own = np.isin(numbered[place], [part.number for part in parts])
    near = ndimage.binary_dilation(own, iterations=margin) & (own | (numbered[place] == 0))
    return Digit(wider, np.where(near, written[place], 0))
