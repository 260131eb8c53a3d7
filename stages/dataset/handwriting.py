"""Read pictures into digits such as MNIST's."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.artifacts import Array
from stages.dataset.centring import centred
from stages.dataset.digits import find
from stages.dataset.pictures import PictureError, read
from stages.description import ImageFormat


class Handwriting(NamedTuple):
    """What some pictures show."""

    digits: Mapping[str, Array]
    """By the picture's name, ``(n, side, side)`` uint8 in the order of reading; n may be 0."""
    unread: Mapping[str, str]
    """Why a picture could not be read, in a sentence, by its name."""


def read_handwriting(pictures: Mapping[str, Path], side: int) -> Handwriting:
    """Find the digits on some pictures.

    Args:
        pictures: the files by their names.
        side: of the images that the digits become.
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
    """Put the digits of all pictures together, as images of a data set.

    Args:
        handwriting: digits of ``min(form.height, form.width)`` pixels a side.
        form: the format of the data set's images.

    Returns:
        ``(n, height, width)`` in the data set's type and range, with its background; images that
        are not square hold the digits in the middle.
    """
    digits = [digit for images in handwriting.digits.values() for digit in images]
    ink = np.zeros((len(digits), form.height, form.width))
    side = min(form.height, form.width)
    top, left = (form.height - side) // 2, (form.width - side) // 2
    ink[:, top : top + side, left : left + side] = np.reshape(digits, (-1, side, side))
    return _in_range(ink / 255, form)


def _in_range(ink: Array, form: ImageFormat) -> Array:
    """Write ink, from 0 to 1, as pixels from the background to the other end of the range."""
    ends = form.minimum, form.maximum
    background, strongest = ends if form.background == "minimum" else ends[::-1]
    pixels = background * (1 - ink) + strongest * ink
    dtype = np.dtype(form.dtype)
    return (np.rint(pixels) if dtype.kind in "iu" else pixels).clip(*ends).astype(dtype)
