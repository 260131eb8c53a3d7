"""Turn pictures as they were taken."""

import warnings
from contextlib import suppress

from PIL import ExifTags, Image

# The orientations of EXIF 2.32, table 6: how to turn what is stored so that it is upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(picture: Image.Image) -> Image.Image:
    """Return a picture as a person sees it, by the orientation in its EXIF.

    Pillow's own function fails for an EXIF of which another value cannot be written again.
    """
    turn = _TURNS.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _orientation(picture: Image.Image) -> int:
    # The pixels come first: for some formats, the EXIF follows them.
    picture.load()
    # Pillow warns of an EXIF that is damaged, or raises one of many of Python's errors.
    with warnings.catch_warnings(action="ignore"), suppress(Exception):
        return int(picture.getexif()[ExifTags.Base.Orientation])
    return 1
