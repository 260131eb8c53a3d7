"""Read pictures, and convert their digits to images like those of MNIST."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from skimage.measure import block_reduce

from stages.photos.centring import centred
from stages.photos.digits import find
from stages.photos.pictures import PictureError, read
from stages.serving.description import ImageFormat
from stages.shared.artifacts import Array

# Pixels of the longer side of the strokes that are kept: enough to draw a digit again.
_LARGEST = 100


class Handwriting(NamedTuple):
    """The content of some pictures."""

    digits: Mapping[str, Array]
    """By the picture's name: ``(n, side, side)`` uint8 in reading order; n may be 0."""
    unread: Mapping[str, str]
    """By the picture's name: why it could not be read, as a sentence."""
    strokes: Mapping[str, Sequence[Array]]
    """By the picture's name, each digit's ink as on the picture: uint8, 0 = background, of at most
    100 pixels a side."""
    changed: Mapping[str, Array]
    """By the picture's name, ``(n,)`` bool: whether a digit was changed by a second look."""

    @property
    def names(self) -> list[str]:
        """The picture of each digit, in the order of ``stacked``."""
        return [name for name, images in self.digits.items() for _ in images]

    @property
    def changes(self) -> Array:
        """Whether each digit was changed, ``(n,)`` bool in the same order."""
        return np.concatenate([np.zeros(0, bool), *self.changed.values()])


def read_handwriting(pictures: Mapping[str, Path], side: int) -> Handwriting:
    """Find the digits on pictures.

    Args:
        pictures: the files by name.
        side: of the resulting images of digits.
    """
    digits, unread, strokes, changed = {}, {}, {}, {}
    for name, path in pictures.items():
        try:
            digits[name], strokes[name] = digits_on(read(path), side)
        except PictureError as error:
            unread[name] = str(error)
        else:
            changed[name] = np.zeros(len(digits[name]), bool)
    return Handwriting(digits, unread, strokes, changed)


def digits_on(picture: Array, side: int) -> tuple[Array, list[Array]]:
    """Find the digits on a picture.

    Args:
        picture: ``(height, width, channels)`` float32 from 0 (black) to 1 (white).
        side: of the resulting images of digits.

    Returns:
        The images and the strokes, as ``Handwriting`` has them.
    """
    found = [digit.strokes for digit in find(picture)]
    images = np.array([centred(ink, side) for ink in found], np.uint8).reshape(-1, side, side)
    return images, [np.rint(255 * _reduced(ink)).astype(np.uint8) for ink in found]


def _reduced(ink: Array) -> Array:
    reduced: Array = block_reduce(ink, -(-max(ink.shape) // _LARGEST), np.mean)
    return reduced


def stacked(handwriting: Handwriting, form: ImageFormat) -> Array:
    """Combine the digits of all pictures into images of a data set, as ``as_images`` does."""
    none = np.empty((0, *[min(form.height, form.width)] * 2), np.uint8)
    return as_images(np.concatenate([none, *handwriting.digits.values()]), form)


def as_images(digits: Array, form: ImageFormat) -> Array:
    """Convert digits to images of a data set.

    Args:
        digits: ``(n, side, side)`` uint8, 0 = background, of the images' smaller side.
        form: the format of the data set's images.

    Returns:
        ``(n, *form.shape)`` in the data set's type and range, with its background; images that
        are not square have the digits in the middle, and all channels are the same.
    """
    ink = np.zeros((len(digits), form.height, form.width))
    side = min(form.height, form.width)
    top, left = (form.height - side) // 2, (form.width - side) // 2
    ink[:, top : top + side, left : left + side] = digits
    pixels = _in_range(ink / 255, form)
    return pixels if form.channels == 1 else np.repeat(pixels[..., None], form.channels, axis=-1)


def _in_range(ink: Array, form: ImageFormat) -> Array:
    """Map ink, from 0 to 1, to pixels from the background to the other end of the range."""
    ends = form.minimum, form.maximum
    background, strongest = ends if form.background == "minimum" else ends[::-1]
    pixels = background * (1 - ink) + strongest * ink
    dtype = np.dtype(form.dtype)
    return (np.rint(pixels) if dtype.kind in "iu" else pixels).clip(*ends).astype(dtype)
