"""Read photographs and scans, in any common encoding, as the brightness of their colours.

A file is checked by its header before any of its pixels is decoded.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from stages.photos.collecting import MAXIMUM_BYTES
from stages.shared.artifacts import Array
from stages.shared.errors import UserError
from stages.shared.formats import FormatError, check_file
from stages.shared.os_errors import explanation
from stages.shared.pictures import upright
from stages.shared.text import printable

FORMATS = ("PNG", "JPEG")
MAXIMUM_PICTURE_PIXELS = 40_000_000
# Other formats that cameras, scanners and browsers write, by the bytes at an offset.
_OTHER_FORMATS = (
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a HEIC picture or a video"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"%PDF", "a PDF document"),
)
_BRIGHTEST_OF_16_BITS = 65535
# Pixels; a picture whose longer side has more is reduced.
_LONGER_SIDE = 1200


class PictureError(UserError):
    """A file cannot be read as a picture."""


def read(path: Path) -> Array:
    """Read a picture as a person sees it: upright, and on white where it is transparent.

    Args:
        path: a PNG or JPEG file, whatever its name: grey, RGB, palette or CMYK, of up to 16 bits a
            channel, with or without transparency.

    Returns:
        ``(height, width, channels)`` float32 from 0 (black) to 1 (white); 1 channel if it is grey,
        or red, green and blue. A large picture is reduced, each pixel the mean of a block.

    Raises:
        PictureError: the file has another format, is damaged, or has more than 40 million pixels.
    """
    try:
        check_file(path, MAXIMUM_BYTES)
        with _opened(path) as picture:
            _check_size(*picture.size)
            return _brightness(upright(picture))
    except FormatError as error:
        raise PictureError(f"{error}.") from None
    except FileNotFoundError:
        raise PictureError("expected a PNG or JPEG file, found no such file.") from None
    except UnidentifiedImageError:
        raise PictureError(f"expected a PNG or JPEG file, found {_kind(path)}.") from None
    except PictureError:
        raise
    # A damaged PNG can have Pillow ask for gigabytes.
    except MemoryError:
        raise PictureError(
            "expected a picture that fits into memory, found a larger one."
        ) from None
    # Pillow's exception for damage depends on where it finds it.
    except Exception as error:
        # What the operating system refuses does not depend on the picture.
        if explanation(error):
            raise
        found = printable(" ".join(str(error).split())).rstrip(".") or type(error).__name__
        raise PictureError(f"expected a whole picture, found: {found}.") from None


def _opened(path: Path) -> Image.Image:
    """Read only the header; Pillow warns or raises above limits of its own."""
    # It warns of a damaged EXIF too, which does not matter.
    with warnings.catch_warnings(action="ignore"):
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return Image.open(path, formats=FORMATS)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise PictureError(_too_large("far more")) from None


def _kind(path: Path) -> str:
    """Return what a file is that is no picture of the known formats."""
    with path.open("rb") as file:
        begin = file.read(16)
    if not begin:
        return "an empty file"
    for start, magic, name in _OTHER_FORMATS:
        if begin.startswith(magic, start):
            return f"{name}; save it as JPEG"
    return "something else"


def _check_size(width: int, height: int) -> None:
    if width * height > MAXIMUM_PICTURE_PIXELS:
        raise PictureError(_too_large(f"{width} x {height}"))


def _too_large(found: str) -> str:
    return f"expected at most {MAXIMUM_PICTURE_PIXELS:,} pixels, found {found}; make it smaller."


def _brightness(picture: Image.Image) -> Array:
    if picture.mode.startswith("I"):
        # Pillow would clip 16 bits when it converts them to 8.
        return _smaller(np.asarray(picture)[..., np.newaxis]) / np.float32(_BRIGHTEST_OF_16_BITS)
    if picture.has_transparency_data:
        ink = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", ink.size, "white"), ink)
    colours = _smaller(np.asarray(picture.convert("RGB"))) / np.float32(255)
    grey = colours[..., :1]
    return grey if (colours == grey).all() else colours


def _smaller(pixels: Array) -> Array:
    """Replace each block of pixels with its mean, if the longer side has too many pixels."""
    side = -(-max(pixels.shape[:2]) // _LONGER_SIDE)
    down, across = (min(side, length) for length in pixels.shape[:2])
    height, width = pixels.shape[0] // down, pixels.shape[1] // across
    whole = pixels[: height * down, : width * across]
    # Sums of whole rows first: these are fast, and as integers exact.
    rows = whole.reshape(height, down, -1).sum(axis=1, dtype=np.uint32)
    blocks = rows.reshape(height, width, across, -1).sum(axis=2)
    means: Array = blocks.astype(np.float32) / np.float32(down * across)
    return means
