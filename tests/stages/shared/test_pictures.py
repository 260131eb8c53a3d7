from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from stages.shared.pictures import upright

PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation_is_turned_as_pillow_does(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)

    with Image.open(tmp_path / "a.png") as picture:
        expected = ImageOps.exif_transpose(picture)
        np.testing.assert_array_equal(np.asarray(upright(picture)), np.asarray(expected))


def test_a_picture_without_exif_stays_as_it_is() -> None:
    picture = Image.fromarray(PIXELS)

    assert upright(picture) is picture


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0MM\0*\0\0\0\x08\0\xff"]
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # of Image.open
def test_a_damaged_exif_is_ignored(exif: bytes, tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=exif, quality=95)

    with Image.open(tmp_path / "a.jpg") as picture:
        assert upright(picture).size == (4, 3)
