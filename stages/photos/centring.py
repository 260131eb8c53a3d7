"""Scale and centre a written digit as in MNIST.

The page of Yann LeCun, Corinna Cortes and Christopher Burges describes how MNIST was made: each
digit was fitted into a box of 20 x 20 pixels with its aspect kept, by an anti-aliasing that left
grey levels, and placed in 28 x 28 pixels with its centre of mass in the middle.
"""

import numpy as np
from scipy import ndimage
from skimage.measure import block_reduce
from skimage.morphology import dilation, disk
from skimage.transform import resize

from stages.shared.artifacts import Array

# Side of the box, as a share of the image's side.
_BOX = 20 / 28
# Share of the strongest ink; fainter ink is the paper's grain around the strokes.
_FAINT = 0.3
# Share of the box's side; thinner strokes are thickened to the width of MNIST's pens.
_THINNEST = 2 / 20
# Pixels of the longer side at which a digit is thickened; larger ones are reduced first.
_ENOUGH_PIXELS = 400
# Quantile of the strokes' pixels, by strength; the pixels below are soft edges.
_SOLID = 0.8


def centred(strokes: Array, side: int) -> Array:
    """Scale a digit into MNIST's box, and place its centre of mass in the middle.

    Args:
        strokes: ``(height, width)`` float32 from 0 to 1, not all faint: only the digit's own ink.
        side: of the image; MNIST's images have 28.

    Returns:
        ``(side, side)`` uint8, 0 = background.
    """
    digit = _thickened(_tight(strokes))
    scale = round(_BOX * side) / max(digit.shape)
    height, width = (max(1, round(length * scale)) for length in digit.shape)
    small = resize(digit, (height, width), order=1, mode="constant", anti_aliasing=True)
    small = np.clip(small / np.quantile(small[small > _FAINT * small.max()], _SOLID), 0, 1)
    row, column = ndimage.center_of_mass(small)
    # In MNIST's images, the mean centre of mass is at pixel 14, not 13.5, counted from 0.
    top = int(np.clip(round(side / 2 - row), 0, side - height))
    left = int(np.clip(round(side / 2 - column), 0, side - width))
    image = np.zeros((side, side), np.uint8)
    image[top : top + height, left : left + width] = np.rint(255 * small)
    return image


def _tight(strokes: Array) -> Array:
    rows, columns = (np.flatnonzero((strokes > _FAINT).any(axis)) for axis in (1, 0))
    return strokes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _thickened(digit: Array) -> Array:
    missing = _THINNEST * max(digit.shape) - _stroke_width(digit)
    radius = round(missing / 2)
    if radius < 1:
        return digit
    if max(digit.shape) > _ENOUGH_PIXELS:
        # A larger digit would take long, and its details are lost in the image anyway.
        return _thickened(block_reduce(digit, -(-max(digit.shape) // _ENOUGH_PIXELS), np.max))
    thicker: Array = dilation(np.pad(digit, radius), disk(radius))
    return thicker


def _stroke_width(digit: Array) -> float:
    """Return the typical width in pixels: twice the distance from a stroke's middle to its edge."""
    inside = ndimage.distance_transform_edt(np.pad(digit > digit.max() / 2, 1))
    middles = inside[(inside > 0) & (inside == ndimage.maximum_filter(inside, 3))]
    # The distance is to the centre of the nearest outside pixel, half a pixel beyond the edge.
    return float(2 * np.median(middles) - 1)
