"""Tell ink from paper, whatever the light and whichever of the two is brighter."""

import numpy as np
from scipy import ndimage
from skimage.measure import block_reduce
from skimage.transform import resize

from stages.artifacts import Array

# A picture is looked at with its longer side of at most so many pixels.
_LONGER_SIDE = 1600
# The paper's brightness is followed at so many points, or a few more, along the longer side.
_PAPER_POINTS = 64
# A stroke is thinner than this part of the shorter side.
_STROKE = 0.25
# Fainter than this share of the paper's brightness is a stain or a ruled line, not ink; fainter
# than so many times the paper's grain is noise.
_FAINTEST, _GRAIN = 0.15, 8.0
# Pixels, the standard deviation.
_BLUR = 1.0
# The standard deviation of a normal distribution over its median absolute deviation.
_NORMAL = 1.4826
# Of the pixels that are written: those below are the soft edges of strokes.
_SOLID = 0.8


def ink(brightness: Array) -> Array:
    """Find how much ink there is at each place, with light and shadow taken out.

    What is seen is light times reflectance, so the paper's brightness, followed over the picture,
    divides the light out.

    Args:
        brightness: ``(height, width)`` float32 from 0, black, to 1, white.

    Returns:
        ``(height, width)`` float32 from 0, bare paper, to 1, the ink at its strongest; all 0 where
        nothing is written. A large picture comes back smaller.
    """
    picture = _blocks(brightness, -(-max(brightness.shape) // _LONGER_SIDE))
    if _is_light_on_dark(picture):
        picture = 1 - picture
    darkness = 1 - picture / np.maximum(_paper(picture), np.finfo(np.float32).eps)
    darkness -= np.median(darkness)
    # A single pixel is grain, however dark; strokes are wider.
    smooth = ndimage.gaussian_filter(darkness, _BLUR, mode="nearest")
    grain = _NORMAL * np.median(np.abs(smooth))
    written = darkness[smooth > max(_FAINTEST, _GRAIN * grain)]
    if not written.size:
        return np.zeros_like(picture)
    strongest = np.quantile(written, _SOLID)
    strength: Array = np.clip(darkness / strongest, 0, 1).astype(np.float32)
    return strength


def _is_light_on_dark(picture: Array) -> bool:
    """There is less ink than paper: what differs most from its surroundings is ink."""
    # Smaller ones would be full of the ink of thick strokes.
    side = max(3, min(picture.shape) // 2)
    surroundings = ndimage.uniform_filter(picture, side, mode="nearest")
    return bool(np.sum((picture - surroundings) ** 3) > 0)


def _paper(picture: Array) -> Array:
    """Give the brightness that the paper would have without the ink, ``(height, width)``."""
    points = _blocks(picture, max(1, max(picture.shape) // _PAPER_POINTS))
    size = max(3, round(_STROKE * min(points.shape)))
    margin = min(size // 2, min(points.shape) - 1)
    # Beyond its edges the light goes on as it came: falling where it fell.
    beyond = np.pad(points, margin, mode="reflect", reflect_type="odd")
    closed = ndimage.grey_closing(beyond, (size, size), mode="nearest")
    paper = closed[margin : closed.shape[0] - margin, margin : closed.shape[1] - margin]
    full: Array = resize(paper, picture.shape, order=1, mode="edge")
    return full


def _blocks(picture: Array, side: int) -> Array:
    """Make each whole block of ``side`` x ``side`` pixels one, their mean."""
    sides = np.minimum(side, picture.shape)
    height, width = picture.shape // sides * sides
    blocks: Array = block_reduce(picture[:height, :width], tuple(sides), np.mean)
    return blocks
