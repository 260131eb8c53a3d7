"""Separate ink from paper, in any light, whichever of the two is brighter."""

import numpy as np
from scipy import ndimage
from skimage.measure import block_reduce
from skimage.morphology import closing, disk

from stages.shared.artifacts import Array

# Stray light that a camera records even where nothing is reflected; share of the brightest.
_FLARE = 0.06
# Sample points of the paper's brightness across the widest stroke.
_POINTS = 12
# Fainter than this share of the light is a stain; fainter than this multiple of the paper's grain
# is grain.
_FAINTEST, _GRAIN = 0.06, 8.0
# Standard deviation in pixels. Single dark pixels are grain; strokes are wider.
_BLUR = 1.0
# The grain is measured in this many tiles along the longer side, by the lower quantiles of the
# darkness, since ink has the upper ones. Where ink covers a tile, nearby tiles are used.
_TILES, _NEARBY, _RANK = 8, 5, 20
_QUANTILES = (0.05, 0.25)
# Standard deviations of a normal distribution between these quantiles, and from the upper one to
# the mean.
_BETWEEN, _ABOVE = 0.970, 0.674


def ink(brightness: Array, widest: float) -> tuple[Array, Array]:
    """Measure the ink at each place, corrected for light and shadow.

    Brightness is light times reflectance, so dividing by the local brightness of the paper removes
    the light. The paper is followed wherever it is wider than a stroke, so the inside of a shadow
    counts as paper too.

    Args:
        brightness: ``(height, width)`` float32 from 0 (black) to 1 (white); the ink is darker.
        widest: width of the widest stroke, in pixels.

    Returns:
        ``(height, width)`` float32, the share of the light that the ink absorbs, at most 1; and
        bool, where that is more than stains and grain absorb.
    """
    picture = brightness + _FLARE
    paper = _paper(picture, widest)
    darkness = 1 - picture / paper
    smooth = ndimage.gaussian_filter(darkness, _BLUR, mode="nearest")
    base, grain = _grain(smooth)
    # The paper's grain is the same everywhere, and so is the camera's, which is more visible on
    # dark places.
    camera = _grain(smooth * paper)[1]
    base, grain, camera = (_spread(tiles, picture.shape) for tiles in (base, grain, camera))
    grain = np.maximum(grain, camera / paper)
    written = smooth - base > np.maximum(_FAINTEST, _GRAIN * grain)
    return (darkness - base).astype(np.float32), written


def negative(brightness: Array) -> Array:
    """Turn light ink on dark paper into dark ink on light paper, with the same contrast."""
    turned: Array = _FLARE * (1 + _FLARE) / (brightness + _FLARE) - _FLARE
    return turned.astype(np.float32)


def contrast(brightness: Array, written: Array, bare: Array) -> float:
    """Return the contrast of ink to its surroundings: the share of the light that is missing.

    Args:
        brightness: as for ``ink``.
        written: bool, of the same shape: where the ink is.
        bare: bool: where there is no ink; true at least somewhere.
    """
    dark, light = (np.median(brightness[where]) + _FLARE for where in (written, bare))
    return float(1 - dark / light)


def blocks(picture: Array, side: int) -> Array:
    """Replace each whole block of pixels with one pixel, their mean.

    Args:
        picture: ``(height, width)`` float32.
        side: of a block, in pixels; a picture that is smaller is one block.
    """
    sides = np.minimum(side, picture.shape)
    height, width = picture.shape // sides * sides
    means: Array = block_reduce(picture[:height, :width], tuple(sides), np.mean)
    return means.astype(np.float32)


def _paper(picture: Array, widest: float) -> Array:
    """Return the brightness that the paper would have without the ink, ``(height, width)``."""
    side = max(1, round(widest / _POINTS))
    points = blocks(picture, side)
    radius = max(1, round(widest / side / 2))
    margin = min(radius, min(points.shape) - 1)
    # Beyond the edges, extrapolate the light: where it fell, it continues to fall.
    beyond = np.pad(points, margin, mode="reflect", reflect_type="odd")
    closed = closing(beyond, disk(radius, decomposition="sequence"))
    paper = closed[margin : closed.shape[0] - margin, margin : closed.shape[1] - margin]
    return np.maximum(_enlarged(paper, picture.shape), np.finfo(np.float32).eps)


def _grain(darkness: Array) -> tuple[Array, Array]:
    """Return the mean darkness of the bare paper in each tile, and its standard deviation."""
    # Every other pixel is enough to measure a tile.
    points = darkness[::2, ::2]
    side = max(1, -(-max(points.shape) // _TILES))
    rows, columns = (-(-length // side) for length in points.shape)
    beyond = [
        (0, count * side - length)
        for count, length in zip((rows, columns), points.shape, strict=True)
    ]
    tiles = np.pad(points, beyond, mode="symmetric").reshape(rows, side, columns, side)
    pixels = np.sort(tiles.swapaxes(1, 2).reshape(rows, columns, -1), axis=-1)
    low, middle = (pixels[..., round(share * (side * side - 1))] for share in _QUANTILES)
    deviation = (middle - low) / _BETWEEN
    return middle + _ABOVE * deviation, deviation


def _spread(tiles: Array, shape: tuple[int, ...]) -> Array:
    """Return for each pixel a value of the tiles around it, one of the lower ones."""
    lower = ndimage.percentile_filter(tiles, _RANK, _NEARBY, mode="nearest")
    return _enlarged(lower, shape)


def _enlarged(points: Array, shape: tuple[int, ...]) -> Array:
    """Interpolate between points, which lie in the middle of equal shares of the result."""
    for axis, (count, length) in enumerate(zip(points.shape, shape, strict=True)):
        place = ((np.arange(length) + 0.5) * count / length - 0.5).clip(0, count - 1)
        before = place.astype(int)
        after = np.minimum(before + 1, count - 1)
        share = (place - before).astype(np.float32).reshape((-1, 1) if axis == 0 else (1, -1))
        points = (1 - share) * points.take(before, axis) + share * points.take(after, axis)
    return points
