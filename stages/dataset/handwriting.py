"""Read pictures into digits such as MNIST's."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.artifacts import Array
from stages.dataset.centring import centred
from stages.dataset.digits import find
from stages.dataset.pictures import PictureError, read


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


def stacked(handwriting: Handwriting, height: int, width: int) -> Array:
    """Put the digits of all pictures together, ``(n, height, width)`` uint8.

    Images that are not square hold them in the middle.
    """
    digits = [digit for images in handwriting.digits.values() for digit in images]
    stack = np.zeros((len(digits), height, width), np.uint8)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    stack[:, top : top + side, left : left + side] = np.reshape(digits, (-1, side, side))
    return stack
