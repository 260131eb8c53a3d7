"""Read pictures, and convert their digits to images like those of MNIST."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.photos.centring import centred
from stages.photos.digits import find
from stages.photos.pictures import PictureError, read
from stages.serving.description import ImageFormat
from stages.shared.artifacts import Array


class Handwriting(NamedTuple):
    """The content of some pictures."""

    digits: Mapping[str, Array]
    """By the picture's name: ``(n, side, side)`` uint8 in reading order; n may be 0."""
    unread: Mapping[str, str]
    """By the picture's name: why it could not be read, as a sentence."""


def read_handwriting(pictures: Mapping[str, Path], side: int) -> Handwriting:
    """Find the digits on pictures.

    Args:
        pictures: the files by name.
        side: of the resulting images of digits.
    """
    digits, unread = {}, {}
    for name, path in pictures.items():
        try:
            found = [centred(digit.strokes, side) for digit in find(read(path))]
        except PictureError as error:
            unread[name] = str(error)
        else:
            digits[name] = np.array(found, np.uint8).reshape(-1, side, side)
    return Handwriting(digits, unread)


def stacked(handwriting: Handwriting, form: ImageFormat) -> Array:
    """Combine the digits of all pictures into images of a data set.

    Args:
        handwriting: digits of ``min(form.height, form.width)`` pixels a side.
        form: the format of the data set's images.

    Returns:
        ``(n, *form.shape)`` in the data set's type and range, with its background; images that
        are not square have the digits in the middle, and all channels are the same.
    """
    digits = [digit for images in handwriting.digits.values() for digit in images]
    ink = np.zeros((len(digits), form.height, form.width))
    side = min(form.height, form.width)
    top, left = (form.height - side) // 2, (form.width - side) // 2
    ink[:, top : top + side, left : left + side] = np.reshape(digits, (-1, side, side))
    pixels = _in_range(ink / 255, form)
    return pixels if form.channels == 1 else np.repeat(pixels[..., None], form.channels, axis=-1)


def _in_range(ink: Array, form: ImageFormat) -> Array:
    """Map ink, from 0 to 1, to pixels from the background to the other end of the range."""
    ends = form.minimum, form.maximum
    background, strongest = ends if form.background == "minimum" else ends[::-1]
    pixels = background * (1 - ink) + strongest * ink
    dtype = np.dtype(form.dtype)
    return (np.rint(pixels) if dtype.kind in "iu" else pixels).clip(*ends).astype(dtype)
