"""Find the strokes of a pen on a picture, whatever their width."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.measure import label, regionprops

from stages.photos.frames import without_frames
from stages.photos.ink import blocks, ink
from stages.photos.lines import without_lines
from stages.photos.parts import STRONGEST, Box, Part, parts, thickness
from stages.shared.artifacts import Array

# Greatest width of strokes, as a share of the picture's longer side. Least width, in pixels, at
# which the paper is followed.
_WIDEST, _CLOSEST = 0.5, 8.0
# Multiple of the stroke width at which the paper is followed, and the tolerance above it.
_FOLLOWED, _ENOUGH = 4.0, 1.33
# Pixels to which that width is reduced, to measure strokes faster.
_PIXELS = 64
# A lasting stroke remains even if the paper is followed at the smaller of these multiples of the
# stroke width and of the followed width.
_LASTS, _CLOSER = 2.5, 0.6
# At most this share of a lasting stroke may fade, to less than this share of its strength.
_FADED, _LASTING = 0.2, 0.4
# Share of a stroke's strength; fainter ink is its soft edge.
_EDGE = 0.5
# Shares of the stroke width: anything thinner is a ruled line, a box or a dot; a stroke may taper
# this far from its core.
_THIN, _TAPERS = 0.3, 0.4
# Quantile of the ink, from thin to thick, that counts as the stroke width.
_THICK = 0.75


class Strokes(NamedTuple):
    """Ink, and its parts that can be strokes."""

    darkness: Array
    """``(height, width)`` float32, the share of the light that the ink absorbs."""
    numbered: Array
    """``(height, width)`` integers: the number of the connected part, or 0."""
    parts: Sequence[Part]
    width: float
    """Width of the strokes, in pixels; 0 if there are none."""


def find_strokes(brightness: Array) -> Strokes:
    """Find dark strokes.

    Separating paper from ink requires the width of strokes, and measuring that width requires the
    separation. So the paper is followed more and more closely. A stroke keeps its width; light and
    shadow shrink.

    Args:
        brightness: ``(height, width)`` float32 from 0 to 1.
    """
    followed = _WIDEST * max(brightness.shape)
    while followed >= _CLOSEST:
        # Strokes of the width that is sought are wide enough in a smaller picture.
        side = max(1, min(int(followed / _PIXELS), *brightness.shape))
        picture = blocks(brightness, side)
        found = _found(picture, followed / side)
        closely = max(_CLOSEST, _FOLLOWED * side * found.width) if found.parts else 0.0
        if followed <= _ENOUGH * closely:
            lasting = _lasting(picture, found, followed / side)
            if lasting.parts:
                return _enlarged(lasting, side, brightness.shape)
            closely = 0.0
        # In small steps: the first find may be a piece of a shadow that hides digits.
        followed = max(closely, followed / 2)
    return Strokes(np.zeros_like(brightness), np.zeros(brightness.shape, int), [], 0)


def _found(brightness: Array, followed: float) -> Strokes:
    darkness, written = ink(brightness, followed)
    inked = _without_edges(darkness, written)
    unruled = without_lines(inked)
    if (unruled != inked).any():
        # Printed lines connected strokes to fainter ones; now each has its own strength.
        unruled = _without_edges(darkness, unruled)
    drawn = without_frames(unruled)
    numbered = label(_without_thin(drawn), connectivity=2)
    found = parts(darkness, numbered)
    width = _width(thickness(np.isin(numbered, [part.number for part in found])))
    return Strokes(darkness, numbered, found, width)


def _lasting(brightness: Array, found: Strokes, followed: float) -> Strokes:
    """Drop the parts that fade when the paper is followed even more closely."""
    darkness, _ = ink(brightness, min(_LASTS * found.width, _CLOSER * followed))
    lasting = []
    for part in found.parts:
        place = slice(part.box.top, part.box.bottom), slice(part.box.left, part.box.right)
        own = darkness[place][found.numbered[place] == part.number]
        if np.quantile(own, _FADED) > _LASTING * part.strength:
            lasting.append(part)
    return found._replace(parts=lasting)


def _enlarged(strokes: Strokes, side: int, shape: tuple[int, ...]) -> Strokes:
    """Replace each pixel with a block of pixels."""
    if side == 1:
        return strokes
    beyond = [
        (0, whole - side * length)
        for whole, length in zip(shape, strokes.darkness.shape, strict=True)
    ]
    darkness, numbered = (
        np.pad(plane.repeat(side, axis=0).repeat(side, axis=1), beyond)
        for plane in (strokes.darkness, strokes.numbered)
    )
    found = [
        part._replace(box=Box(*(side * edge for edge in part.box)), width=side * part.width)
        for part in strokes.parts
    ]
    return Strokes(darkness, numbered, found, side * strokes.width)


def _without_edges(darkness: Array, written: Array) -> Array:
    """Drop the soft edges of strokes, each by its own strength."""
    inked = np.zeros_like(written)
    for region in regionprops(label(written, connectivity=2)):
        found = darkness[region.slice]
        strength = np.quantile(found[region.image], STRONGEST)
        inked[region.slice] |= region.image & (found > _EDGE * strength)
    return inked


def _without_thin(inked: Array) -> Array:
    """Drop what is much thinner than the strokes, up to where it meets them."""
    thick = thickness(inked)
    width = _width(thick)
    core = thick > max(_THIN * width, 2)
    if not core.any():
        return inked
    near: Array = ndimage.distance_transform_edt(~core) <= _TAPERS * width
    return inked & near


def _width(thick: Array) -> float:
    """Return the width of strokes in pixels; if they differ, that of the wider ones."""
    middles = np.sort(thick[(thick > 0) & (thick == ndimage.maximum_filter(thick, 3))])
    if not middles.size:
        return 0.0
    share = np.cumsum(middles) / middles.sum()
    return float(middles[np.searchsorted(share, _THICK)] - 1)
