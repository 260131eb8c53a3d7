"""Find the digits on a picture: group the ink into digits, in reading order."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from stages.photos.ink import contrast, negative
from stages.photos.parts import Box, Part
from stages.photos.strokes import Strokes, find_strokes
from stages.shared.artifacts import Array

# Least height of a digit, in pixels.
_LOWEST = 12
# Share of the tallest digit's height; anything lower, unless part of another digit, is a blot.
_LOW = 0.4
# Greatest width of a digit, as a multiple of its height.
_WIDEST = 3.0
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
# A sheet of paper on a desk looks like a thick stroke around the writing. The writing is thinner by
# this factor, or by more if it fills less of the sheet.
_THINNER, _FILLS = 2.5, 0.375


class Digit(NamedTuple):
    """A handwritten digit."""

    box: Box
    """Its position in the picture."""
    strokes: Array
    """``box.height`` by ``box.width`` float32, from 0 to 1: only the digit's own ink."""


class _Reading(NamedTuple):
    """The digits of a picture, under the assumption that ink has this shade."""

    strokes: Strokes
    digits: Sequence[Sequence[Part]]
    evidence: float


def find(picture: Array) -> list[Digit]:
    """Find the digits on a picture: lines from top to bottom, each from left to right.

    Digits that touch each other are found as one. A detached part, such as the bar of a 5, is found
    with its digit. Ink may be darker or lighter than the paper, or of another colour.

    Args:
        picture: ``(height, width, channels)`` float32 from 0 (black) to 1 (white).

    Returns:
        The digits; none if nothing is written.
    """
    readings = [_read(shade) for shade in _shades(picture)]
    best = max(
        (one for one in readings if not any(_is_on(other, one) for other in readings)),
        key=lambda reading: reading.evidence,
    )
    return [_cut_out(best.strokes, digit) for digit in _reading_order(best.digits)]


def _shades(picture: Array) -> Iterator[Array]:
    """Yield images in which ink may be dark; coloured ink is dark or light in some channel."""
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
    """Return the parts without those far fainter than the ink of the tall parts."""
    tallest = max((part.box.height for part in parts), default=0)
    tall = [part.strength for part in parts if part.box.height >= _LOW * tallest]
    return [part for part in parts if part.strength > _FAINT * max(tall)]


def _contrast(shade: Array, strokes: Strokes, digit: Sequence[Part]) -> float:
    """Return the contrast of a digit to its surroundings, up to one stroke width away."""
    margin = max(2, round(strokes.width))
    place = _place(_wider(_around(digit), margin, shade.shape))
    own = np.isin(strokes.numbered[place], [part.number for part in digit])
    bare = ~ndimage.binary_dilation(own, iterations=margin // 2)
    return contrast(shade[place], own, bare) if bare.any() else 0.0


def _is_on(writing: _Reading, sheet: _Reading) -> bool:
    """Return whether the digits of one reading are written on what the other reads as digits."""
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
    """Group the parts of each digit, and drop parts that are too low for a digit."""
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
    # Taller parts side by side are separate digits.
    stacked = -aside >= min(part.width, digit.width) / 2
    return stacked and -_BESIDE * part.height <= apart <= _BREAK * digit.height


def _around(parts: Sequence[Part]) -> Box:
    tops, lefts, bottoms, rights = zip(*(part.box for part in parts), strict=True)
    return Box(min(tops), min(lefts), max(bottoms), max(rights))


def _reading_order(digits: Sequence[Sequence[Part]]) -> list[Sequence[Part]]:
    """Sort by lines, which may slope: a digit joins the line whose last digit is beside it."""
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
    """Return a positive number if the middle of one box is within the height of the other."""
    return max(box.height, other.height) / 2 - abs(_middle(box) - _middle(other))


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2


def _cut_out(strokes: Strokes, digit: Sequence[Part]) -> Digit:
    """Return the digit's own ink, with the soft edges of its strokes."""
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
