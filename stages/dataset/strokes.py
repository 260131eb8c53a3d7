"""Find the strokes of a pen on a picture, however wide they are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.measure import label, regionprops

from stages.artifacts import Array
from stages.dataset.ink import ink
from stages.dataset.parts import STRONGEST, Part, parts, thickness

# Of the picture's longer side: strokes are narrower. In pixels: no closer is the paper followed.
_WIDEST, _CLOSEST = 0.5, 8.0
# Of the width of strokes: so wide is the paper followed, or at most this much wider.
_FOLLOWED, _ENOUGH = 4.0, 1.33
# Of the width of strokes, and of the width that was followed: so closely they last.
_LASTS, _CLOSER = 2.5, 0.6
# Of a stroke: this share may fade, below this share of its strength.
_FADED, _LASTING = 0.2, 0.4
# Of the strength of a stroke: fainter is its soft edge.
_EDGE = 0.5
# Of the width of strokes: what is thinner is a ruled line, a box or a dot; from its core a stroke
# tapers so far.
_THIN, _TAPERS = 0.3, 0.4
# Of all ink, from thin to thick: there it is as thick as the strokes are.
_THICK = 0.75


class Strokes(NamedTuple):
    """Ink, and its parts that can be strokes."""

    darkness: Array
    """``(height, width)`` float32, the share of the light that the ink takes away."""
    numbered: Array
    """``(height, width)`` integers: the number of the connected part, or 0."""
    parts: Sequence[Part]
    width: float
    """Of the strokes, in pixels; 0 where there are none."""


def find_strokes(brightness: Array) -> Strokes:
    """Find dark strokes.

    The paper can be told from the ink only if it is known how wide strokes are, and the other way
    around. So the paper is followed more and more closely. A stroke keeps its width; what shrinks
    is light and shadow.

    Args:
        brightness: ``(height, width)`` float32 from 0 to 1.
    """
    followed = _WIDEST * max(brightness.shape)
    while followed >= _CLOSEST:
        found = _found(brightness, followed)
        closely = max(_CLOSEST, _FOLLOWED * found.width) if found.parts else 0.0
        if followed <= _ENOUGH * closely:
            lasting = _lasting(brightness, found, followed)
            if lasting.parts:
                return lasting
            closely = 0.0
        # In small steps: what is found first may be a piece of a shadow that hides digits.
        followed = max(closely, followed / 2)
    return Strokes(np.zeros_like(brightness), np.zeros(brightness.shape, int), [], 0)


def _found(brightness: Array, followed: float) -> Strokes:
    darkness, written = ink(brightness, followed)
    numbered = label(_without_thin(_without_edges(darkness, written)), connectivity=2)
    found = parts(darkness, numbered)
    width = _width(np.isin(numbered, [part.number for part in found]))
    return Strokes(darkness, numbered, found, width)


def _lasting(brightness: Array, found: Strokes, followed: float) -> Strokes:
    """Leave out what fades when the paper is followed more closely still."""
    darkness, _ = ink(brightness, min(_LASTS * found.width, _CLOSER * followed))
    lasting = []
    for part in found.parts:
        place = slice(part.box.top, part.box.bottom), slice(part.box.left, part.box.right)
        own = darkness[place][found.numbered[place] == part.number]
        if np.quantile(own, _FADED) > _LASTING * part.strength:
            lasting.append(part)
    return found._replace(parts=lasting)


def _without_edges(darkness: Array, written: Array) -> Array:
    """Leave out the soft edges of strokes, each by its own strength."""
    inked = np.zeros_like(written)
    for region in regionprops(label(written, connectivity=2)):
        found = darkness[region.slice]
        strength = np.quantile(found[region.image], STRONGEST)
        inked[region.slice] |= region.image & (found > _EDGE * strength)
    return inked


def _without_thin(inked: Array) -> Array:
    """Leave out what is much thinner than the strokes, up to where it meets them."""
    width = _width(inked)
    core = thickness(inked) > max(_THIN * width, 2)
    if not core.any():
        return inked
    near: Array = ndimage.distance_transform_edt(~core) <= _TAPERS * width
    return inked & near


def _width(inked: Array) -> float:
    """Measure how wide strokes are in pixels, the wider ones where they differ."""
    thick = thickness(inked)
    middles = np.sort(thick[(thick > 0) & (thick == ndimage.maximum_filter(thick, 3))])
    if not middles.size:
        return 0.0
    share = np.cumsum(middles) / middles.sum()
    return float(middles[np.searchsorted(share, _THICK)] - 1)
