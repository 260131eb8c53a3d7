"""Read photographs and scans, however they were saved, as brightness.

A file is judged by its header before any of its pixels is unpacked.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from stages.artifacts import Array
from stages.errors import UserError

FORMATS = ("PNG", "JPEG")
MAXIMUM_PIXELS = 40_000_000
_BRIGHTEST_OF_16_BITS = 65535


class PictureError(UserError):
    """A file is no picture that can be read."""


def read(path: Path) -> Array:
    """Read a picture as a person sees it: upright, and on white paper where it is transparent.

    Args:
        path: a PNG or JPEG file, whatever its name: grey, RGB, palette or CMYK, of up to 16 bits a
            channel, with or without transparency.

    Returns:
        ``(height, width)`` float32 from 0, black, to 1, white.

    Raises:
        PictureError: it is no such file, is damaged, or has more than 40 million pixels.
    """
    try:
        with _opened(path) as picture:
            width, height = picture.size
            if width * height > MAXIMUM_PIXELS:
                raise PictureError(_too_large(f"{width} x {height}"))
            return _brightness(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        raise PictureError("expected a PNG or JPEG file, found something else.") from None
    # What Pillow raises for damage depends on where it meets it.
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        found = " ".join(str(error).split()).rstrip(".")
        raise PictureError(f"expected a whole picture, found: {found}.") from None


def _opened(path: Path) -> Image.Image:
    """Read the header alone; Pillow has limits of its own, above which it warns or raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return Image.open(path, formats=FORMATS)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise PictureError(_too_large("far more")) from None


def _too_large(found: str) -> str:
    return f"expected at most {MAXIMUM_PIXELS:,} pixels, found {found}; make it smaller."


def _brightness(picture: Image.Image) -> Array:
    if picture.mode.startswith("I"):
        # Pillow would clip 16 bits where it converts them to 8.
        return np.asarray(picture, np.float32) / _BRIGHTEST_OF_16_BITS
    if picture.has_transparency_data:
        ink = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", ink.size, "white"), ink)
    return np.asarray(picture.convert("L"), np.float32) / 255
