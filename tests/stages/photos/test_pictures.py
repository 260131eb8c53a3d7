import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.photos.pictures import PictureError, read
from stages.shared.artifacts import Array
from tests.helpers import memory_limit

GREY = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)
BRIGHTNESS = np.array([[0, 0.2, 0.4], [0.6, 0.8, 1]])


def saved(path: Path, pixels: Array | Image.Image, **options: Any) -> Path:
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(path, **options)
    return path


def test_grey_is_brightness(tmp_path: Path) -> None:
    brightness = read(saved(tmp_path / "a.png", GREY))

    assert brightness.dtype == np.float32
    assert brightness.shape == (2, 3, 1)
    np.testing.assert_allclose(brightness[..., 0], BRIGHTNESS, atol=1e-6)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_grey_is_the_same_in_every_mode(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(GREY).convert(mode)

    brightness = read(saved(tmp_path / "a.png", picture))

    assert brightness.shape == (2, 3, 1)
    np.testing.assert_allclose(brightness[..., 0], BRIGHTNESS, atol=1e-6)


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    deep = GREY.astype(np.uint16) * 257

    brightness = read(saved(tmp_path / "a.png", deep))

    assert brightness.dtype == np.float32
    np.testing.assert_allclose(brightness[..., 0], BRIGHTNESS, atol=1e-6)


def test_one_bit_is_black_or_white(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY > 100).convert("1")

    assert read(saved(tmp_path / "a.png", picture))[..., 0].tolist() == [[0, 0, 1], [1, 1, 1]]


def test_colours_stay_what_they_are(tmp_path: Path) -> None:
    colours = np.array([[[255, 0, 0], [0, 51, 0], [0, 0, 102]]], np.uint8)

    brightness = read(saved(tmp_path / "a.png", colours))

    assert brightness.dtype == np.float32
    np.testing.assert_allclose(
        brightness, [[[1.0, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.4]]], atol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_large_picture_comes_back_smaller(
    tmp_path: Path, dtype: type[np.uint8 | np.uint16]
) -> None:
    most = np.iinfo(dtype).max
    large = np.zeros((300, 2401), dtype)
    # Two of the nine pixels of the first block, and the whole last block.
    large[0, :2] = most
    large[-3:, 2397:2400] = most

    brightness = read(saved(tmp_path / "a.png", large))

    assert brightness.shape == (100, 800, 1)
    assert brightness[0, 0, 0] == pytest.approx(2 / 9)
    assert brightness[-1, -1, 0] == 1
    assert brightness.sum() == pytest.approx(1 + 2 / 9)


def test_a_long_narrow_picture_keeps_a_row(tmp_path: Path) -> None:
    assert read(saved(tmp_path / "a.png", np.zeros((1, 5000), np.uint8))).shape == (1, 1000, 1)


def test_transparent_ink_lies_on_white_paper(tmp_path: Path) -> None:
    ink = np.zeros((1, 3, 4), np.uint8)
    ink[0, :, 3] = [0, 51, 255]

    brightness = read(saved(tmp_path / "a.png", ink))

    np.testing.assert_allclose(brightness[..., 0], [[1, 0.8, 0]], atol=3e-3)


def test_a_transparent_colour_of_a_palette_is_white_paper(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    picture.putpalette([10, 10, 10, 0, 0, 0])

    brightness = read(saved(tmp_path / "a.png", picture, transparency=0))

    assert brightness[..., 0].tolist() == [[1, 0]]


def test_a_photo_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned a quarter to the left
    wide = np.full((8, 16), 255, np.uint8)
    wide[:, :8] = 0

    brightness = read(saved(tmp_path / "a.jpg", wide, exif=exif))

    assert brightness.shape == (16, 8, 1)
    assert brightness[:8].mean() < 0.1
    assert brightness[8:].mean() > 0.9


def test_odd_values_of_the_exif_do_not_matter(tmp_path: Path) -> None:
    """A signed number where EXIF has only unsigned ones, which Pillow reads and cannot write."""
    orientation = struct.pack("<HHII", 0x0112, 3, 1, 6)
    exposure = struct.pack("<HHII", 0x829A, 5, 1, 8 + 2 + 2 * 12 + 4)
    ifd = struct.pack("<H", 2) + orientation + exposure + bytes(4) + struct.pack("<ii", -1, 3)
    wide = Image.fromarray(np.full((8, 16), 255, np.uint8))

    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + ifd
    assert read(saved(tmp_path / "a.jpg", wide, exif=exif)).shape == (16, 8, 1)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file."),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC picture or a video; save it as JPEG."),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "an AVIF picture; save it as JPEG."),
        (b"II*\0\x08\0\0\0", "a TIFF picture; save it as JPEG."),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a WebP picture; save it as JPEG."),
        (b"%PDF-1.7\n", "a PDF document; save it as JPEG."),
        (b"hello", "something else."),
    ],
)
def test_another_format_is_named(content: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "7.jpg").write_bytes(content)

    with pytest.raises(PictureError) as refused:
        read(tmp_path / "7.jpg")

    assert str(refused.value) == f"expected a PNG or JPEG file, found {kind}"


def test_the_format_does_not_depend_on_the_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", GREY, format="PNG")

    np.testing.assert_allclose(read(path)[..., 0], BRIGHTNESS, atol=1e-6)


def png_header(width: int, height: int) -> bytes:
    """The beginning of a grey PNG file, by the format's specification, up to its pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(chunk))
    pixels = struct.pack(">I", 1000) + b"IDAT"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + checksum + pixels


@pytest.mark.parametrize("side", [6400, 12_000, 60_000])
def test_too_many_pixels_are_refused_from_the_header_alone(tmp_path: Path, side: int) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_header(side, side))

    with pytest.raises(PictureError, match=r"expected at most 40,000,000 pixels, found"):
        read(path)


def test_a_picture_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.random.default_rng(1).integers(0, 255, (50, 50), np.uint8))
    path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(PictureError, match="expected a whole picture, found: "):
        read(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(30)])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)

    with pytest.raises(PictureError, match=r"expected a .* found"):
        read(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="expected a PNG or JPEG file, found no such file"):
        read(tmp_path / "typo.png")


def test_another_format_is_refused_though_it_could_be_read(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="expected a PNG or JPEG file"):
        read(saved(tmp_path / "a.png", GREY, format="BMP"))


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (os.mkfifo, "expected a file, found a device or a pipe"),
        (Path.mkdir, "expected a file, found a folder"),
        (lambda path: path.symlink_to("/dev/zero"), "expected a file, found a device"),
    ],
)
def test_what_is_no_file_is_refused_without_waiting(
    tmp_path: Path, make: Callable[[Path], object], found: str
) -> None:
    make(tmp_path / "a.png")

    with pytest.raises(PictureError, match=found):
        read(tmp_path / "a.png")


def test_a_sparse_file_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", GREY)
    os.truncate(path, 1 << 33)

    with pytest.raises(PictureError, match="expected at most 320000000 bytes, found more"):
        read(path)


def test_a_chunk_that_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", GREY)
    content = path.read_bytes()
    begin = content.index(b"IDAT") - 4
    path.write_bytes(content[:begin] + b"\x7f\xff\xff\xff" + content[begin + 4 :])

    with (
        memory_limit(1 << 30),
        pytest.raises(PictureError, match="expected a picture that fits into memory"),
    ):
        read(path)
