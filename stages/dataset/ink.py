"""Tell ink from paper, whatever the light and whichever of the two is brighter."""

import numpy as np
from scipy import ndimage
from skimage.measure import block_reduce
from skimage.morphology import closing, disk
from skimage.transform import resize

from stages.artifacts import Array

# Stray light that a camera sees even where nothing is reflected, of the brightest.
_FLARE = 0.06
# The paper is followed by so many points across the widest stroke.
_POINTS = 12
# Fainter than this share of the light is a stain; fainter than so many times the paper's grain is
# grain.
_FAINTEST, _GRAIN = 0.06, 8.0
# Pixels, the standard deviation: a single pixel is grain, however dark; strokes are wider.
_BLUR = 1.0
# The grain is measured in so many tiles along the longer side, by the lower quantiles of the
# darkness: the ink is above. Where it covers a tile, other tiles nearby tell.
_TILES, _NEARBY, _RANK = 8, 5, 20
_QUANTILES = (0.05, 0.25)
# Standard deviations of a normal distribution between these quantiles, and from there to its mean.
_BETWEEN, _ABOVE = 0.970, 0.674


def ink(brightness: Array, widest: float) -> tuple[Array, Array]:
    """Find how much ink there is at each place, with light and shadow taken out.

    What is seen is light times reflectance, so the paper's brightness, followed over the picture,
    divides the light out. The paper is followed wherever it is wider than a stroke: so the inside
    of a shadow is paper too.

    Args:
        brightness: ``(height, width)`` float32 from 0, black, to 1, white; the ink is darker.
        widest: pixels, of a stroke.

    Returns:
        ``(height, width)`` float32, the share of the light that the ink takes away, at most 1; and
        bool: where there is more of it than stains and grain take.
    """
    picture = brightness + _FLARE
    paper = _paper(picture, widest)
    darkness = 1 - picture / paper
    smooth = ndimage.gaussian_filter(darkness, _BLUR, mode="nearest")
    base, grain = _grain(smooth)
    # Paper is as grainy everywhere, and so is a camera, which tells more on what is dark.
    camera = _grain(smooth * paper)[1]
    base, grain, camera = (_spread(tiles, picture.shape) for tiles in (base, grain, camera))
    grain = np.maximum(grain, camera / paper)
    written = smooth - base > np.maximum(_FAINTEST, _GRAIN * grain)
    return (darkness - base).astype(np.float32), written


def negative(brightness: Array) -> Array:
    """Turn light ink on dark paper into dark ink on light paper, of the same contrast."""
    turned: Array = _FLARE * (1 + _FLARE) / (brightness + _FLARE) - _FLARE
    return turned.astype(np.float32)


def contrast(brightness: Array, written: Array, bare: Array) -> float:
    """Compare ink with what is around it: the share of the light that is missing.

    Args:
        brightness: as above.
        written: bool, of the same shape: where the ink is.
        bare: bool: where there is none; anywhere at least.
    """
    dark, light = (np.median(brightness[where]) + _FLARE for where in (written, bare))
    return float(1 - dark / light)


def _paper(picture: Array, widest: float) -> Array:
    """Give the brightness that the paper would have without the ink, ``(height, width)``."""
    side = max(1, round(widest / _POINTS))
    points = _blocks(picture, side)
    radius = max(1, round(widest / side / 2))
    margin = min(radius, min(points.shape) - 1)
    # Beyond its edges the light goes on as it came: falling where it fell.
    beyond = np.pad(points, margin, mode="reflect", reflect_type="odd")
    closed = closing(beyond, disk(radius, decomposition="sequence"))
    paper = closed[margin : closed.shape[0] - margin, margin : closed.shape[1] - margin]
    full: Array = resize(paper, picture.shape, order=1, mode="edge")
    return np.maximum(full, np.finfo(np.float32).eps)


def _grain(darkness: Array) -> tuple[Array, Array]:
    """Measure in each tile the mean of the bare paper's darkness, and its standard deviation."""
    side = max(1, -(-max(darkness.shape) // _TILES))
    low, middle = (
        block_reduce(darkness, side, np.nanquantile, np.nan, {"q": quantile})
        for quantile in _QUANTILES
    )
    deviation = (middle - low) / _BETWEEN
    return middle + _ABOVE * deviation, deviation


def _spread(tiles: Array, shape: tuple[int, ...]) -> Array:
    """Give each pixel the value of the tiles around it, one of the lower of them."""
    lower = ndimage.percentile_filter(tiles, _RANK, _NEARBY, mode="nearest")
    spread: Array = resize(lower, shape, order=1, mode="edge")
    return spread


def _blocks(picture: Array, side: int) -> Array:
    """Make each whole block of ``side`` x ``side`` pixels one, their mean."""
    sides = np.minimum(side, picture.shape)
    height, width = picture.shape // sides * sides
    blocks: Array = block_reduce(picture[:height, :width], tuple(sides), np.mean)
    return blocks
