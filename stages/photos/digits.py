"""Find the digits on a picture: group the ink into digits, in reading order."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from stages.photos.grouping import around, grouped, reading_order
from stages.photos.ink import contrast, negative
from stages.photos.parts import Box, Part
from stages.photos.strokes import Strokes, find_strokes
from stages.shared.artifacts import Array

# Greatest width of a digit, as a multiple of its height.
_WIDEST = 3.0
# Square pixels times contrast times steepness; anything less is a fringe of colour or a bit of
# texture: the faintest digits on photographs of 480 x 420 pixels have 30 times more.
_LEAST = 4.0
# Share of the outline that may be soft, where a digit touches something.
_SOFT = 0.25
# Share of the digit's length: the soft edges of its strokes.
_EDGE = 0.06
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
    return [_cut_out(best.strokes, digit) for digit in reading_order(best.digits)]


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
    for digit in grouped(strokes.parts):
        box = around(digit)
        found = box.area * _contrast(shade, strokes, digit) * _sharpness(strokes, digit)
        if box.width <= _WIDEST * box.height and found > _LEAST:
            digits.append(digit)
            evidence += found
    return _Reading(strokes, digits, evidence)


def _contrast(shade: Array, strokes: Strokes, digit: Sequence[Part]) -> float:
    """Return the contrast of a digit to its surroundings, up to one stroke width away."""
    margin = max(2, round(strokes.width))
    place = _place(_wider(around(digit), margin, shade.shape))
    own = np.isin(strokes.numbered[place], [part.number for part in digit])
    bare = ~ndimage.binary_dilation(own, iterations=margin // 2)
    return contrast(shade[place], own, bare) if bare.any() else 0.0


def _sharpness(strokes: Strokes, digit: Sequence[Part]) -> float:
    """Return how steeply the ink begins along most of the outline; that of light is soft."""
    place = _place(_wider(around(digit), 2, strokes.numbered.shape))
    own = np.isin(strokes.numbered[place], [part.number for part in digit])
    steepness = ndimage.gaussian_gradient_magnitude(strokes.darkness[place], 1)
    # The outline of a line one pixel wide is its ridge, and the slopes are beside it.
    steepest = ndimage.maximum_filter(steepness, 3)
    return float(np.quantile(steepest[own & ~ndimage.binary_erosion(own)], _SOFT))


def _is_on(writing: _Reading, sheet: _Reading) -> bool:
    """Return whether the digits of one reading are written on what the other reads as digits."""
    pen, margin = writing.strokes.width, sheet.strokes.width
    return 0 < _THINNER * pen < margin and any(
        _contains(paper, digit) and digit.area * margin >= _FILLS * paper.area * pen
        for paper in map(around, sheet.digits)
        for digit in map(around, writing.digits)
    )


def _contains(box: Box, other: Box) -> bool:
    return (
        box.top <= other.top
        and box.left <= other.left
        and other.bottom <= box.bottom
        and other.right <= box.right
    )


def _cut_out(strokes: Strokes, digit: Sequence[Part]) -> Digit:
    """Return the digit's own ink, with the soft edges of its strokes."""
    box = around(digit)
    margin = max(1, round(_EDGE * box.length))
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
