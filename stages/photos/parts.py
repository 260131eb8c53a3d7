"""Distinguish parts of strokes from blots, shadows, ruled lines and edges of the paper."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.measure import label, regionprops

from stages.shared.artifacts import Array

STRONGEST = 0.8
"""Quantile of a stroke's ink, from faint to strong, that counts as its strength."""
# Pixels; anything shorter is a speck.
_SHORTEST = 4
# Share of its length; a part that is wider inside is a blot or a shadow.
_SOLID = 0.45
# Share of the picture's height or width; a part of this length runs through the picture.
_THROUGH = 0.9
# Share of its length; a part that lies along the picture's edge for longer is the paper's edge.
_ALONG = 0.25
# A grid has more holes than a digit. Only holes above this share of the part's box count.
_HOLES, _HOLE = 4, 0.002
# Ruled paper has at least this many lines. A part of at most these multiples of a line's width and
# strength is a piece of the line.
_RULED = 3
_LIKE_WIDTH, _LIKE_STRENGTH = 2.0, 1.3
# Share of its length; the least stroke width of a digit that fills the whole picture.
_PEN = 0.04


class Box(NamedTuple):
    """A part of a picture, in its pixels; ``bottom`` and ``right`` are the first outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def length(self) -> int:
        """The longer side."""
        return max(self.height, self.width)

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.height * self.width


class Part(NamedTuple):
    """Connected ink."""

    box: Box
    number: int
    strength: float
    """The share of the light that it absorbs."""
    width: float
    """Its greatest width, in pixels."""


def parts(darkness: Array, numbered: Array) -> list[Part]:
    """Find the parts that can be strokes of digits.

    Args:
        darkness: ``(height, width)``, the share of the light that is missing.
        numbered: of the same shape: the number of each connected part, or 0.

    Returns:
        The parts, without specks, blots, shadows, ruled lines and their pieces, and without parts
        that run through the picture or along its edge. If no other parts remain, the parts of a
        digit that was cut out closely.
    """
    strokes, lines, cut_closely, ruled = [], [], [], False
    for region in regionprops(numbered):
        box = Box(*region.bbox)
        if box.length < _SHORTEST:
            continue
        part = _measured(box, region.label, region.image, darkness)
        if part.width > _SOLID * box.length:
            continue
        along = _along(region.image, box, numbered.shape)
        holes = _holes(region.image)
        through = any(
            length >= _THROUGH * whole
            for length, whole in zip(region.image.shape, numbered.shape, strict=True)
        )
        if not through and max(along) <= _ALONG * box.length and holes <= _HOLES:
            strokes.append(part)
            continue
        lines.append(part)
        ruled |= holes > _HOLES or len(lines) >= _RULED
        wholly = any(
            length >= _THROUGH * whole for length, whole in zip(along, numbered.shape, strict=True)
        )
        if through and not wholly and holes <= _HOLES and part.width >= _PEN * box.length:
            cut_closely.append(part)
    if ruled:
        strokes = [part for part in strokes if not _is_like(part, lines)]
    return strokes or cut_closely


def thickness(inked: Array) -> Array:
    """Return twice the distance from each pixel of ink to the nearest bare one.

    The result is ``(height, width)``. The distance is to the centre of that pixel; beyond the
    picture's edges there is no ink.
    """
    thick = np.zeros(inked.shape, np.float32)
    if inked.any():
        # Where all the ink is; most pictures have wide margins.
        (place,) = ndimage.find_objects(inked.astype(int))
        thick[place] = 2 * ndimage.distance_transform_edt(np.pad(inked[place], 1))[1:-1, 1:-1]
    return thick


def _measured(box: Box, number: int, image: Array, darkness: Array) -> Part:
    found = darkness[box.top : box.bottom, box.left : box.right][image]
    return Part(box, number, float(np.quantile(found, STRONGEST)), thickness(image).max() - 1)


def _along(image: Array, box: Box, shape: tuple[int, ...]) -> tuple[int, int]:
    """Count the pixels on the picture's left or right edge, and those on its top or bottom."""
    sides = image[:, 0] * (box.left == 0), image[:, -1] * (box.right == shape[1])
    ends = image[0] * (box.top == 0), image[-1] * (box.bottom == shape[0])
    return max(int(edge.sum()) for edge in sides), max(int(edge.sum()) for edge in ends)


def _holes(image: Array) -> int:
    outside = label(~np.pad(image, 1), connectivity=1)
    sizes = np.bincount(outside.ravel())[1:]
    return int((sizes > _HOLE * image.size).sum()) - 1


def _is_like(part: Part, lines: Sequence[Part]) -> bool:
    return any(
        part.width <= _LIKE_WIDTH * line.width and part.strength < _LIKE_STRENGTH * line.strength
        for line in lines
    )
