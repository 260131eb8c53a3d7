"""Remove boxes and circles that are drawn around a digit, whether it touches them or not."""

import numpy as np
from scipy import ndimage
from skimage.measure import label, regionprops

from stages.shared.artifacts import Array

# Share of a frame's height; what is lower inside it is no digit, so the frame may be a 0.
_ENCLOSED = 0.2
# Pixels of the shorter side; nothing smaller frames a digit.
_SMALLEST = 24
# Share of the surrounding upright rectangle that a box fills, if its inside counts; a 0 fills less.
_RECTANGULAR = 0.9
# Along its outline, at least this share of a box is ink, as deep as its lines are thick.
_DRAWN = 0.6
# Share of a box's height; a stroke may run along its lines this far.
_BRIDGED = 0.15


def without_frames(inked: Array) -> Array:
    """Drop the ink of closed lines around other ink.

    Args:
        inked: ``(height, width)`` bool.

    Returns:
        Of the same shape. Of a box that touches its digit, only its own lines are dropped.
    """
    left = inked.copy()
    for region in regionprops(label(inked, connectivity=2)):
        if min(region.image.shape) < _SMALLEST:
            continue
        filled = ndimage.binary_fill_holes(region.image)
        frame = region.image
        if filled.mean() >= _RECTANGULAR:
            frame = _lines(region.image, filled)
        enclosed = inked[region.slice] & filled & ~frame
        if _height(enclosed) >= _ENCLOSED * len(filled):
            left[region.slice] &= ~frame
    return left


def _lines(image: Array, filled: Array) -> Array:
    """Return the lines of a box, but for where a stroke runs along them."""
    depth = _depth(filled)
    width = _line_width(image, np.ceil(depth).astype(int))
    lines = image & (depth <= width)
    radius = round(_BRIDGED * len(image))
    inside = np.pad(image & ~lines, radius)
    # Distances are faster than a closing.
    near = ndimage.distance_transform_edt(~inside) <= radius
    bridged = ndimage.distance_transform_edt(near)[radius:-radius, radius:-radius] > radius
    return lines & ~bridged


def _line_width(image: Array, depth: Array) -> int:
    """Return how deep below the outline most is ink."""
    inked = np.bincount(depth.ravel(), image.ravel()) / np.maximum(1, np.bincount(depth.ravel()))
    bare = np.flatnonzero(inked[1:] < _DRAWN)
    return int(bare[0] if bare.size else depth.max())


def _depth(filled: Array) -> Array:
    """Return each pixel's distance to the outside."""
    depth: Array = ndimage.distance_transform_edt(np.pad(filled, 1))[1:-1, 1:-1]
    return depth


def _height(inked: Array) -> int:
    """Return the height of the tallest connected ink."""
    return max(
        (region.image.shape[0] for region in regionprops(label(inked, connectivity=2))), default=0
    )
