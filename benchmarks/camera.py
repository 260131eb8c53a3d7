"""Light a sheet of paper, and photograph it in colour."""

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks.drawing import CANVAS, Random
from stages.shared.artifacts import Array

HEIGHT, WIDTH = 480, 420
PAPER = np.array([0.88, 0.87, 0.83])  # red, green and blue
WOOD = np.array([0.22, 0.13, 0.08])
GRAIN = 0.012  # standard deviation of the camera's noise


def paper(random: Random) -> Array:
    """Return a canvas of white paper."""
    return _textured(PAPER, random, across=2, contrast=0.01)


def desk(random: Random) -> Array:
    """Return a canvas of dark wood."""
    return _textured(WOOD * random.uniform(0.6, 1.4), random, across=30, contrast=0.15)


def painted(below: Array, ink: Array, colour: Array) -> Array:
    """Cover what is below with a colour, or with another canvas, as far as there is ink."""
    covered: Array = below * (1 - ink[..., None]) + colour * ink[..., None]
    return covered


def turned(canvas: Array, degrees: float) -> Array:
    """Rotate a canvas about its middle."""
    rotated: Array = ndimage.rotate(canvas, degrees, reshape=False, order=1, mode="nearest")
    return rotated


def daylight(random: Random) -> Array:
    """Return light from one side: the share of it at each place of a canvas."""
    angle = random.uniform(0, 2 * np.pi)
    down, right = _places()
    light: Array = right * np.cos(angle) + down * np.sin(angle)
    return 0.9 + random.uniform(0.1, 0.5) * light


def lamp(random: Random) -> Array:
    """Return the light of a desk lamp: a bright spot."""
    down, right = _places()
    distance = (right - random.uniform(-0.3, 0.3)) ** 2 + (down - random.uniform(-0.3, 0.3)) ** 2
    return 0.4 + 0.65 * np.exp(-distance / random.uniform(0.03, 0.15))


def shadow(phone: Array, random: Random) -> Array:
    """Return the light in which a phone casts this shadow."""
    soft = ndimage.gaussian_filter(phone, random.uniform(1.5, 8))
    return 1 - random.uniform(0.4, 0.65) * soft


def photographed(
    canvas: Array, light: Array, random: Random, height: int = HEIGHT, width: int = WIDTH
) -> Array:
    """Return what a camera sees of the middle of a canvas: ``(height, width, 3)`` from 0 to 1."""
    top, left = (CANVAS - height) // 2, (CANVAS - width) // 2
    tint = np.array([1, random.uniform(0.94, 1), random.uniform(0.86, 1)])
    seen = (canvas * light[..., None] * tint)[top : top + height, left : left + width]
    blur = random.uniform(0.6, 1.4)
    return ndimage.gaussian_filter(seen, (blur, blur, 0)).astype(np.float32)


def exposed(seen: Array, random: Random) -> Image.Image:
    """Add the camera's noise."""
    noisy = seen + GRAIN * random.standard_normal(seen.shape, np.float32)
    return Image.fromarray(np.rint(255 * noisy.clip(0, 1)).astype(np.uint8))


def _textured(colour: Array, random: Random, across: float, contrast: float) -> Array:
    spots = ndimage.gaussian_filter(random.standard_normal((CANVAS, CANVAS)), (2, across))
    canvas: Array = colour * (1 + contrast * spots / spots.std())[..., None]
    return canvas


def _places() -> tuple[Array, Array]:
    """Return how far down and right each place is from the middle, as shares of the canvas."""
    down, right = np.mgrid[-0.5 : 0.5 : CANVAS * 1j, -0.5 : 0.5 : CANVAS * 1j]
    return down, right
