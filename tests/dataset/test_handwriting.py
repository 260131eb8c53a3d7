from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stages.dataset.handwriting import Handwriting, read_handwriting, stacked


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """A sheet with two strokes, a blank one, and what is no picture."""
    sheet = Image.new("L", (200, 120), 230)
    pen = ImageDraw.Draw(sheet)
    for across in (60, 140):
        pen.line([(across, 20), (across, 100)], fill=30, width=8)
    sheet.save(tmp_path / "1.png")
    Image.new("L", (200, 120), 230).save(tmp_path / "blank.png")
    (tmp_path / "note.txt").write_text("hello")
    return {path.name: path for path in sorted(tmp_path.iterdir())}


def test_every_digit_of_every_picture_is_found(pictures: dict[str, Path]) -> None:
    digits, unread = read_handwriting(pictures, 28)

    assert {name: images.shape for name, images in digits.items()} == {
        "1.png": (2, 28, 28),
        "blank.png": (0, 28, 28),
    }
    assert list(unread) == ["note.txt"]
    assert unread["note.txt"].startswith("expected a PNG or JPEG file")


def test_no_pictures_are_no_digits() -> None:
    assert read_handwriting({}, 28) == ({}, {})
    assert stacked(Handwriting({}, {}), 28, 28).shape == (0, 28, 28)


def test_all_digits_are_put_together_in_order(pictures: dict[str, Path]) -> None:
    found = read_handwriting(pictures, 28)

    np.testing.assert_array_equal(stacked(found, 28, 28), found.digits["1.png"])


def test_images_that_are_not_square_hold_digits_in_the_middle(pictures: dict[str, Path]) -> None:
    found = read_handwriting(pictures, 20)

    stack = stacked(found, 20, 30)

    np.testing.assert_array_equal(stack[:, :, 5:25], found.digits["1.png"])
    assert stack[:, :, :5].max() == stack[:, :, 25:].max() == 0
