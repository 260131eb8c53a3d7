"""Draw digits and what is printed or drawn around them: planes of ink from 0 to 1."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage.morphology import skeletonize

from stages.shared.artifacts import Array

CANVAS = 680
"""Height and width in pixels of every plane; a picture shows its middle."""
# Shares of MNIST's ink: a marker writes where there is more; a thin pen, along the middle of that.
_MARKER, _THIN = 0.45, 0.35

Random = np.random.Generator
Point = tuple[float, float]


def pen(random: Random) -> float:
    """Choose a pen: half of its width as a share of the digit's side, or 0 for a marker."""
    return float(random.choice([0, random.uniform(0.013, 0.022)]))


def written(digit: Array, side: int, pen: float) -> Array:
    """Write a digit, ``(28, 28)`` uint8, with a pen: ``(side, side)`` ink."""
    enlarged = ndimage.zoom(digit / 255, side / len(digit), order=3)
    soft = ndimage.gaussian_filter(enlarged, side / len(digit) / 3)
    if not pen:
        return np.clip(5 * (soft - _MARKER) + 0.5, 0, 1)
    away = ndimage.distance_transform_edt(~skeletonize(soft > _THIN))
    return np.clip(pen * side - away + 0.5, 0, 1)


def at(ink: Array, middle: Point) -> Array:
    """Put ink on an empty plane, with its middle at a place, right and down."""
    plane = np.zeros((CANVAS, CANVAS), np.float32)
    left, top = (
        round(where - length / 2) for where, length in zip(middle, ink.shape[::-1], strict=True)
    )
    plane[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return plane


def cropped(ink: Array) -> Array:
    """Cut off the margins without ink."""
    rows, columns = (np.flatnonzero((ink > 1 / 2).any(axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def frame(ink: Array, margin: float, width: int) -> Array:
    """Print a box around ink, this far away."""
    left, top, right, bottom = _around(ink)
    place = left - margin, top - margin, right + margin, bottom + margin
    plane, pen = _plane()
    pen.rectangle(place, outline=255, width=width)
    return _ink(plane)


def circle(ink: Array, width: int, random: Random) -> Array:
    """Draw a circle around ink by hand."""
    left, top, right, bottom = _around(ink)
    middle = np.array([left + right, top + bottom]) / 2
    radii = random.uniform(0.75, 0.95) * np.array([right - left, bottom - top])
    radii = np.maximum(radii, 0.6 * radii.max())
    angles = np.linspace(0, 2 * np.pi, 100) + random.uniform(0, 2 * np.pi)
    wobble = 1 + 0.04 * np.sin(2 * angles + random.uniform(0, 6))
    ends = np.stack([np.cos(angles), np.sin(angles)], axis=1) * wobble[:, None] * radii + middle
    return line([(x, y) for x, y in ends], width)


def underline(ink: Array, width: int, random: Random) -> Array:
    """Draw a line below ink by hand."""
    left, _, right, bottom = _around(ink)
    beyond = random.uniform(10, 60)
    down = bottom + random.uniform(10, 35)
    slope = random.uniform(-8, 8)
    return line([(left - beyond, down - slope), (right + beyond, down + slope)], width)


def squares(step: int, width: int, phase: Array) -> Array:
    """Print squared paper."""
    across, down = _repeated(step, width, phase)
    ink: Array = across[None] | down[:, None]
    return ink.astype(np.float32)


def dots(step: int, width: int, phase: Array) -> Array:
    """Print a grid of dots."""
    across, down = _repeated(step, width, phase)
    ink: Array = across[None] & down[:, None]
    return ink.astype(np.float32)


def _repeated(step: int, width: int, phase: Array) -> Array:
    return (np.arange(CANVAS) + np.rint(phase)[:, None]) % step < width


def line(ends: list[Point], width: int) -> Array:
    """Draw a line through points, right and down."""
    plane, pen = _plane()
    pen.line(ends, fill=255, width=width, joint="curve")
    return _ink(plane)


def rectangle(left: float, top: float, right: float, bottom: float) -> Array:
    """Fill a rectangle."""
    plane, pen = _plane()
    pen.rectangle((left, top, right, bottom), fill=255)
    return _ink(plane)


def _plane() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    plane = Image.new("L", (CANVAS, CANVAS))
    return plane, ImageDraw.Draw(plane)


def _ink(plane: Image.Image) -> Array:
    return np.asarray(plane, np.float32) / 255


def _around(ink: Array) -> tuple[int, int, int, int]:
    """Return where ink begins and ends: left, top, right and bottom."""
    rows, columns = (np.flatnonzero((ink > 1 / 2).any(axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])
