"""Make a written digit what the digits of MNIST are.

The page of Yann LeCun, Corinna Cortes and Christopher Burges says how these were made: fitted into
a box of 20 x 20 pixels with their aspect kept, by an anti-aliasing that left grey levels, and put
into 28 x 28 pixels with the centre of mass in the middle.
"""

import numpy as np
from scipy import ndimage
from skimage.measure import block_reduce
from skimage.morphology import dilation, disk
from skimage.transform import resize

from stages.artifacts import Array

# Of the image's side, the box's.
_BOX = 20 / 28
# Of the strongest ink: fainter is the paper's grain around the strokes.
_FAINT = 0.3
# Of the box's side: a stroke that would be thinner is made as thick, as MNIST's pens would.
_THINNEST = 2 / 20
# Of the longer side of a digit that is thickened.
_ENOUGH_PIXELS = 400
# Of the pixels of strokes: those below are their soft edges.
_SOLID = 0.8


def centred(strokes: Array, side: int) -> Array:
    """Scale a digit into MNIST's box, and put it by its centre of mass into the middle.

    Args:
        strokes: ``(height, width)`` float32 from 0 to 1, not all faint: its own ink alone.
        side: of the image; MNIST's are 28.

    Returns:
        ``(side, side)`` uint8, 0 = background.
    """
    digit = _thickened(_tight(strokes))
    scale = round(_BOX * side) / max(digit.shape)
    height, width = (max(1, round(length * scale)) for length in digit.shape)
    small = resize(digit, (height, width), order=1, mode="constant", anti_aliasing=True)
    small = np.clip(small / np.quantile(small[small > _FAINT * small.max()], _SOLID), 0, 1)
    row, column = ndimage.center_of_mass(small)
    # Of MNIST's images, whose pixels count from 0, the mean centre of mass is pixel 14, not 13.5.
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
        # More would take long, and be lost in the image.
        return _thickened(block_reduce(digit, -(-max(digit.shape) // _ENOUGH_PIXELS), np.max))
    thicker: Array = dilation(np.pad(digit, radius), disk(radius))
    return thicker


def _stroke_width(digit: Array) -> float:
    """Measure in pixels: twice the distance from the middle of a stroke to its edge, mostly."""
    inside = ndimage.distance_transform_edt(np.pad(digit > digit.max() / 2, 1))
    middles = inside[(inside > 0) & (inside == ndimage.maximum_filter(inside, 3))]
    # The distance is to the nearest pixel outside, whose middle lies half a pixel beyond the edge.
    return float(2 * np.median(middles) - 1)
