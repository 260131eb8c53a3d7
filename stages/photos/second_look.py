"""Look again at what the network is not sure of: rotated, or as two digits that touch."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import ndimage

from stages.photos.centring import centred
from stages.photos.handwriting import Handwriting, as_images
from stages.serving.description import ImageFormat
from stages.shared.artifacts import Array
from stages.shared.doubt import Doubt

Classify = Callable[[Array], Array]
"""Takes n images, at least one; returns ``(n, classes)`` probabilities."""

_ANGLES = range(-45, 46, 15)
# Width of what may be two digits, as a multiple of its height; and where it may be cut, as shares.
_WIDE = 0.9
_CUTS = np.linspace(0.3, 0.7, 13)
# Fewest pixels with at least this ink that can be a digit.
_LEAST, _INK = 10, 0.3


def look_again(
    found: Handwriting, probabilities: Classify, form: ImageFormat, doubt: Doubt | None
) -> Handwriting:
    """Replace digits of which the network is not sure by a reading of which it is, if there is one.

    One of many readings is often sure, also of what is no digit: a straight crease, put upright, is
    a 1. So the changed digits remain doubtful.

    Args:
        found: the digits as they are on the pictures.
        probabilities: of the network, for images of its data set.
        form: the format of these images.
        doubt: the confidence that answers need; None doubts nothing.

    Returns:
        The same with some digits rotated, and some cut into two; ``changed`` tells which.
    """
    if doubt is None:
        return found

    def classify(digits: Array) -> Array:
        return probabilities(as_images(digits, form))

    digits, changed = {}, {}
    for name, images in found.digits.items():
        digits[name], changed[name] = _replaced(
            images, found.strokes[name], classify, doubt.sure_from
        )
    return found._replace(digits=digits, changed=changed)


def _replaced(
    images: Array, strokes: Sequence[Array], classify: Classify, least: float
) -> tuple[Array, Array]:
    """Return the digits of a picture, and whether each was changed."""
    readings, changed = [images[:0]], list[bool]()
    confidences = classify(images).max(axis=1) if len(images) else ()
    for image, ink, confidence in zip(images, strokes, confidences, strict=True):
        reading = None if confidence >= least else _sure(ink, len(image), classify, least)
        readings.append(image[np.newaxis] if reading is None else reading)
        changed += [reading is not None] * len(readings[-1])
    return np.concatenate(readings), np.array(changed, bool)


def _sure(strokes: Array, side: int, classify: Classify, least: float) -> Array | None:
    """Return the most confident reading, one or two images, if it has the least confidence."""
    ink = strokes.astype(np.float32) / 255
    readings = _rotated(ink, side, classify), _cut(ink, side, classify)
    confidence, reading = max(readings, key=lambda one: one[0])
    return reading if confidence >= least else None


def _rotated(ink: Array, side: int, classify: Classify) -> tuple[float, Array]:
    """Rotate a digit so that the network is most confident.

    Returns:
        The confidence, and the digit, ``(1, side, side)``; confidence 0 and nothing if it is too
        faint. Two neighbouring rotations must agree: a single one is sometimes sure of a wrong
        class.
    """
    padded = np.pad(ink, 2)
    rotated = [ndimage.rotate(padded, angle, order=1) for angle in _ANGLES]
    if not all(_is_inked(one) for one in rotated):
        return 0.0, np.empty((0, side, side), np.uint8)
    images = np.stack([centred(one, side) for one in rotated])
    probabilities = classify(images)
    agreed = np.minimum(probabilities[:-1], probabilities[1:])
    first, label = np.unravel_index(agreed.argmax(), agreed.shape)
    better = first + probabilities[first : first + 2, label].argmax()
    return float(agreed.max()), images[[better]]


def _cut(ink: Array, side: int, classify: Classify) -> tuple[float, Array]:
    """Cut two digits that touch where the network is most confident of both.

    Returns:
        The lower of the two confidences, and the digits, ``(2, side, side)``; confidence 0 and
        nothing if it is too narrow for two.
    """
    height, width = ink.shape
    columns = np.unique((_CUTS * width).astype(int)) if width >= _WIDE * height else ()
    pairs = [(ink[:, :column], ink[:, column:]) for column in columns]
    pairs = [pair for pair in pairs if all(_is_inked(half) for half in pair)]
    if not pairs:
        return 0.0, np.empty((0, side, side), np.uint8)
    images = np.stack([[centred(half, side) for half in pair] for pair in pairs])
    probabilities = classify(images.reshape(-1, side, side))
    confidences = probabilities.max(axis=1).reshape(-1, 2).min(axis=1)
    best = int(confidences.argmax())
    return float(confidences[best]), images[best]


def _is_inked(ink: Array) -> bool:
    return int((ink > _INK).sum()) >= _LEAST
