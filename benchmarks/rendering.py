"""Render MNIST digits like photographs and scans of handwriting."""

from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.morphology import dilation, disk, erosion

from stages.shared.artifacts import Array

SCALE = 8  # pixels of the photograph for each pixel of MNIST
PAPER, INK, BOARD, CHALK = 0.88, 0.16, 0.12, 0.85
GRAIN = 0.015  # standard deviation of the camera's noise

Random = np.random.Generator


def enlarged(digit: Array, scale: int = SCALE) -> Array:
    """Draw a digit, ``(28, 28)`` uint8, with a fine pen: float32 ink from 0 to 1."""
    height, width = digit.shape
    drawn = Image.fromarray(digit).resize((width * scale, height * scale), Image.Resampling.BICUBIC)
    return np.asarray(drawn, np.float32) / 255


def on_paper(ink: Array, random: Random) -> Array:
    """Put ink on paper whose tone varies a little; return the brightness from 0 to 1."""
    fibres = ndimage.gaussian_filter(random.standard_normal(ink.shape), 2)
    paper = PAPER * (1 + 0.08 * fibres)
    written: Array = paper * (1 - ink) + INK * ink
    return written


def photographed(brightness: Array, random: Random) -> Array:
    """Add the camera's noise."""
    noise = GRAIN * random.standard_normal(brightness.shape)
    return np.clip(brightness + noise, 0, 1).astype(np.float32)


def light(shape: tuple[int, ...], random: Random) -> Array:
    """Return light that falls off from one side to the other, to less than half."""
    return np.clip(0.75 + 0.6 * _across(shape, random), 0.3, 1.1)


def shadow(shape: tuple[int, ...], random: Random) -> Array:
    """Return light that is halved on one side of a line with a soft edge."""
    distance = _across(shape, random) - random.uniform(-0.2, 0.2)
    return 1 - 0.5 / (1 + np.exp(-distance / 0.012))


def rotated(ink: Array, degrees: float) -> Array:
    """Rotate ink about the middle."""
    return np.clip(ndimage.rotate(ink, degrees, reshape=False, order=1), 0, 1)


def placed(ink: Array, height: int, width: int, random: Random) -> Array:
    """Put ink at a random place on a larger sheet."""
    sheet = np.zeros((height, width), np.float32)
    top = random.integers(height - ink.shape[0] + 1)
    left = random.integers(width - ink.shape[1] + 1)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def ruled(brightness: Array) -> Array:
    """Draw a line every fifth of an inch or so."""
    lines = brightness.copy()
    lines[np.arange(len(lines)) % 40 < 2] *= 0.75  # noqa: PLR2004 - two pixels of forty
    return lines


def _across(shape: tuple[int, ...], random: Random) -> Array:
    """Return the position along a random direction, from about -0.5 to 0.5."""
    angle = random.uniform(0, 2 * np.pi)
    down, right = np.mgrid[0 : shape[0], 0 : shape[1]]
    right, down = right / shape[1] - 0.5, down / shape[0] - 0.5
    across: Array = right * np.cos(angle) + down * np.sin(angle)
    return across


def plain(digit: Array, random: Random) -> Array:
    """Photograph a digit with no distortion except paper and camera."""
    return photographed(on_paper(enlarged(digit), random), random)


def _light(digit: Array, random: Random) -> Array:
    sheet = on_paper(enlarged(digit), random)
    return photographed(sheet * light(sheet.shape, random), random)


def _shadow(digit: Array, random: Random) -> Array:
    sheet = on_paper(enlarged(digit), random)
    return photographed(sheet * shadow(sheet.shape, random), random)


def _blur(digit: Array, random: Random) -> Array:
    return photographed(ndimage.gaussian_filter(on_paper(enlarged(digit), random), 6), random)


def _rotation(digit: Array, random: Random) -> Array:
    turned = rotated(enlarged(digit), random.uniform(-15, 15))
    return photographed(on_paper(turned, random), random)


def _thin(digit: Array, random: Random) -> Array:
    return photographed(on_paper(erosion(enlarged(digit), disk(4)), random), random)


def _thick(digit: Array, random: Random) -> Array:
    return photographed(on_paper(dilation(enlarged(digit), disk(4)), random), random)


def _inverted(digit: Array, random: Random) -> Array:
    return photographed(BOARD + (CHALK - BOARD) * enlarged(digit), random)


def _ruled(digit: Array, random: Random) -> Array:
    return photographed(ruled(on_paper(enlarged(digit), random)), random)


def _off_centre(digit: Array, random: Random) -> Array:
    side = 28 * SCALE
    sheet = placed(enlarged(digit), 2 * side, 3 * side, random)
    return photographed(on_paper(sheet, random), random)


def _tiny(digit: Array, random: Random) -> Array:
    sheet = placed(enlarged(digit, scale=2), 1000, 800, random)
    return photographed(on_paper(sheet, random), random)


DISTORTIONS: dict[str, Callable[[Array, Random], Array]] = {
    "light": _light,
    "shadow": _shadow,
    "blur": _blur,
    "rotation": _rotation,
    "thin strokes": _thin,
    "thick strokes": _thick,
    "inverted": _inverted,
    "ruled paper": _ruled,
    "off-centre": _off_centre,
    "tiny on a big sheet": _tiny,
}
"""Single distortions: each maps a digit, ``(28, 28)`` uint8, to a brightness from 0 to 1."""


def as_picture(brightness: Array, kind: str) -> Image.Image:
    """Convert brightness to a picture as in a file: ``grey``, ``16 bit`` or ``RGBA``.

    ``RGBA`` is black ink of varying opacity on a transparent background.
    """
    if kind == "16 bit":
        return Image.fromarray(np.rint(65535 * brightness).astype(np.uint16))
    if kind == "RGBA":
        pixels = np.zeros((*brightness.shape, 4), np.uint8)
        pixels[..., 3] = np.rint(255 * (1 - brightness))
        return Image.fromarray(pixels)
    return Image.fromarray(np.rint(255 * brightness).astype(np.uint8))
