"""Draw random pen strokes and blots."""

import numpy as np

from stages.shared.artifacts import Array

SIDE = 28
"""Pixels of a drawing's height and width, as of MNIST's images."""
_BOX = 20  # pixels of the longer side of what is drawn, as in MNIST
_TOGETHER = 100  # drawings at once, in little memory
_STROKES = 4
_POINTS = 30  # of a stroke: at most about a pixel apart
# Chance that a stroke after the first one is drawn; that it begins at the end of the one before, or
# in its middle; and that it is straight.
_DRAWN, _FROM_END, _FROM_MIDDLE, _STRAIGHT = 0.7, 0.4, 0.3, 0.5
# Chance of a broad brush, which makes a blot; radii as a share of the box.
_BROAD = 0.25
_PEN_RADII, _BRUSH_RADII = (0.05, 0.1), (0.15, 0.45)


def drawings(count: int, random: np.random.Generator) -> Array:
    """Draw one to four strokes on each image, with a pen or a broad brush.

    Args:
        count: of the images.
        random: determines the strokes.

    Returns:
        ``(count, 28, 28)`` uint8, 0 = background, 255 = ink. As in MNIST, the longer side of each
        drawing has 20 pixels; its middle is in the middle of the image.
    """
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for first in range(0, count, _TOGETHER):
        images[first : first + _TOGETHER] = _drawn(min(_TOGETHER, count - first), random)
    return images


def _drawn(count: int, random: np.random.Generator) -> Array:
    broad = random.random((count, 1, 1)) < _BROAD
    radius = _BOX * np.where(
        broad, random.uniform(*_BRUSH_RADII, broad.shape), random.uniform(*_PEN_RADII, broad.shape)
    )
    points = _placed(_strokes(count, random), radius)
    pixels = np.arange(SIDE)[:, np.newaxis] - (SIDE - 1) / 2
    down, right = (points[:, np.newaxis, :, axis] - pixels for axis in (0, 1))
    squares = down[:, :, np.newaxis] ** 2 + right[:, np.newaxis] ** 2
    ink = np.clip(radius - np.sqrt(squares.min(axis=-1)) + 0.5, 0, 1)
    images: Array = np.rint(255 * ink).astype(np.uint8)
    return images


def _strokes(count: int, random: np.random.Generator) -> Array:
    """Draw quadratic Bezier curves.

    Returns:
        ``(count, points, 2)`` floats, the points of all strokes of a drawing. A stroke that is not
        drawn repeats the one before.
    """
    along = np.linspace(0, 1, _POINTS)[:, np.newaxis]
    strokes: list[Array] = []
    for _ in range(_STROKES):
        begin, bend, end = random.random((3, count, 1, 2))
        drawn, joint, straight = random.random((3, count, 1, 1))
        if strokes:
            before = strokes[-1]
            begin = np.where(joint < _FROM_END + _FROM_MIDDLE, before[:, [_POINTS // 2]], begin)
            begin = np.where(joint < _FROM_END, before[:, [-1]], begin)
        bend = np.where(straight < _STRAIGHT, (begin + end) / 2, bend)
        stroke = (1 - along) ** 2 * begin + 2 * along * (1 - along) * bend + along**2 * end
        strokes.append(np.where(drawn < _DRAWN, stroke, strokes[-1]) if strokes else stroke)
    return np.concatenate(strokes, axis=1)


def _placed(points: Array, radius: Array) -> Array:
    """Scale points into the box, with room for the radius, and move their middle to 0."""
    low, high = (limit(points, axis=1, keepdims=True) for limit in (np.min, np.max))
    extent = (high - low).max(axis=-1, keepdims=True)
    placed: Array = (points - (low + high) / 2) * (_BOX - 2 * radius) / extent
    return placed
