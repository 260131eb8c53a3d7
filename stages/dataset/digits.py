"""Find the digits on a picture: which ink belongs to which, and in what order they are read."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from stages.artifacts import Array
from stages.dataset.ink import contrast, negative
from stages.dataset.parts import Box, Part
from stages.dataset.strokes import Strokes, find_strokes

# Pixels: a digit is at least so high.
_LOWEST = 12
# Of the tallest digit's height: what is lower, and no part of another digit, is a blot.
_LOW = 0.4
# Of its height: a digit is at most so wide.
_WIDEST = 3.0
# Of the strongest ink: what is fainter is a stain.
_FAINT = 0.35
# Of a digit's height: a part of it that lies apart is at most so high, ...
_PART = 0.6
# ... at most so far above or below it, and at most so far beside it.
_GAP, _ASIDE = 0.2, 0.12
# Of a digit's height: a higher part, of a stroke that broke, is at most so far above or below it.
_BREAK = 0.1
# Of its own height: a part that shares more than so much with a digit stands beside it.
_BESIDE = 0.3
# A sheet of paper on a desk is like a thick stroke around what is written on it. Writing is so many
# times thinner, and the less it fills the sheet, the thinner.
_THINNER, _FILLS = 2.5, 0.375


class Digit(NamedTuple):
    """A digit as it was written."""

    box: Box
    """Where, in the picture."""
    strokes: Array
    """``box.height`` by ``box.width`` float32, its own ink alone, from 0 to 1."""


class _Reading(NamedTuple):
    """The digits of a picture, if ink is this shade."""

    strokes: Strokes
    digits: Sequence[Sequence[Part]]
    evidence: float


def find(picture: Array) -> list[Digit]:
    """Find the digits on a picture, in lines from top to bottom, in a line from left to right.

    Digits that touch each other are found as one. A part that lies apart, such as the bar of a 5,
    is found with its digit. Ink may be darker or lighter than the paper, or of another colour.

    Args:
        picture: ``(height, width, channels)`` float32 from 0, black, to 1, white.

    Returns:
        The digits; none where nothing is written.
    """
    readings = [_read(shade) for shade in _shades(picture)]
    best = max(
        (one for one in readings if not any(_is_on(other, one) for other in readings)),
        key=lambda reading: reading.evidence,
    )
    return [_cut_out(best.strokes, digit) for digit in _reading_order(best.digits)]


def _shades(picture: Array) -> Iterator[Array]:
    """Give what may be seen as dark ink: coloured ink is dark or light in one channel at least."""
    darkest, lightest = picture.min(axis=2), picture.max(axis=2)
    yield darkest
    yield negative(lightest)
    if picture.shape[2] > 1:
        yield negative(darkest)


def _read(shade: Array) -> _Reading:
    strokes = find_strokes(shade)
    digits, evidence = [], 0.0
    for digit in _grouped(_without_stains(strokes.parts)):
        box = _around(digit)
        if box.width <= _WIDEST * box.height:
            digits.append(digit)
            evidence += box.area * _contrast(shade, strokes, digit)
    return _Reading(strokes, digits, evidence)


def _without_stains(parts: Sequence[Part]) -> list[Part]:
    """Leave out what is far fainter than the ink of the tall parts."""
    tallest = max((part.box.height for part in parts), default=0)
    tall = [part.strength for part in parts if part.box.height >= _LOW * tallest]
    return [part for part in parts if part.strength > _FAINT * max(tall)]


def _contrast(shade: Array, strokes: Strokes, digit: Sequence[Part]) -> float:
    """Compare a digit with all around it, up to the width of its strokes away."""
    margin = max(2, round(strokes.width))
    place = _place(_wider(_around(digit), margin, shade.shape))
    own = np.isin(strokes.numbered[place], [part.number for part in digit])
    bare = ~ndimage.binary_dilation(own, iterations=margin // 2)
    return contrast(shade[place], own, bare) if bare.any() else 0.0


def _is_on(writing: _Reading, sheet: _Reading) -> bool:
    """Whether one reading's digits are written on what the other takes for digits."""
    pen, margin = writing.strokes.width, sheet.strokes.width
    return 0 < _THINNER * pen < margin and any(
        _contains(paper, digit) and digit.area * margin >= _FILLS * paper.area * pen
        for paper in map(_around, sheet.digits)
        for digit in map(_around, writing.digits)
    )


def _contains(box: Box, other: Box) -> bool:
    return (
        box.top <= other.top
        and box.left <= other.left
        and other.bottom <= box.bottom
        and other.right <= box.right
    )


def _grouped(parts: Sequence[Part]) -> list[list[Part]]:
    """Put the parts of each digit together, and leave out what is too low for one."""
    digits: list[list[Part]] = []
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


def _around(parts: Sequence[Part]) -> Box:
    tops, lefts, bottoms, rights = zip(*(part.box for part in parts), strict=True)
    return Box(min(tops), min(lefts), max(bottoms), max(rights))


def _reading_order(digits: Sequence[Sequence[Part]]) -> list[Sequence[Part]]:
    """Sort by lines, which may slope: a digit goes on the line whose last digit is beside it."""
    lines: list[list[Sequence[Part]]] = []
    for digit in sorted(digits, key=lambda digit: _around(digit).left):
        overlaps = [_overlap(_around(line[-1]), _around(digit)) for line in lines]
        if max(overlaps, default=0) > 0:
            lines[int(np.argmax(overlaps))].append(digit)
        else:
            lines.append([digit])
    lines.sort(key=lambda line: np.mean([_middle(_around(digit)) for digit in line]))
    return [digit for line in lines for digit in line]


def _overlap(box: Box, other: Box) -> float:
    """Give a positive number if the middle of either is at the height of the other."""
    return max(box.height, other.height) / 2 - abs(_middle(box) - _middle(other))


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2


def _cut_out(strokes: Strokes, digit: Sequence[Part]) -> Digit:
    """Take the digit's own ink, with the soft edges of its strokes."""
    box = _around(digit)
    margin = max(1, round(_ASIDE / 2 * box.length))
    wider = _wider(box, margin, strokes.numbered.shape)
    numbered = strokes.numbered[_place(wider)]
    own = np.isin(numbered, [part.number for part in digit])
    near = ndimage.binary_dilation(own, iterations=margin) & (own | (numbered == 0))
    strength = strokes.darkness[_place(wider)] / max(part.strength for part in digit)
    return Digit(wider, np.where(near, strength.clip(0, 1), 0).astype(np.float32))


def _wider(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    return Box(
        max(0, box.top - margin),
        max(0, box.left - margin),
        min(shape[0], box.bottom + margin),
        min(shape[1], box.right + margin),
    )


def _place(box: Box) -> tuple[slice, slice]:
    return slice(box.top, box.bottom), slice(box.left, box.right)
