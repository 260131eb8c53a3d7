from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stages.photos.handwriting import Handwriting, read_handwriting, stacked
from stages.serving.description import ImageFormat


def form(
    height: int,
    width: int,
    dtype: str = "uint8",
    minimum: float = 0,
    maximum: float = 255,
    background: str = "minimum",
) -> ImageFormat:
    return ImageFormat.model_validate(
        {
            "height": height,
            "width": width,
            "dtype": dtype,
            "minimum": minimum,
            "maximum": maximum,
            "background": background,
        }
    )


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
    digits, unread, strokes, changed = read_handwriting(pictures, 28)

    assert {name: images.shape for name, images in digits.items()} == {
        "1.png": (2, 28, 28),
        "blank.png": (0, 28, 28),
    }
    assert {name: [ink.dtype for ink in found] for name, found in strokes.items()} == {
        "1.png": [np.uint8, np.uint8],
        "blank.png": [],
    }
    assert {name: found.tolist() for name, found in changed.items()} == {
        "1.png": [False, False],
        "blank.png": [],
    }
    assert list(unread) == ["note.txt"]
    assert unread["note.txt"].startswith("expected a PNG or JPEG file")


def test_no_pictures_are_no_digits() -> None:
    assert read_handwriting({}, 28) == Handwriting({}, {}, {}, {})
    assert stacked(Handwriting({}, {}, {}, {}), form(28, 28)).shape == (0, 28, 28)


def test_all_digits_are_put_together_in_order(pictures: dict[str, Path]) -> None:
    found = read_handwriting(pictures, 28)

    images = stacked(found, form(28, 28))

    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, found.digits["1.png"])


def test_images_that_are_not_square_hold_digits_in_the_middle(pictures: dict[str, Path]) -> None:
    found = read_handwriting(pictures, 20)

    images = stacked(found, form(20, 30))

    np.testing.assert_array_equal(images[:, :, 5:25], found.digits["1.png"])
    assert images[:, :, :5].max() == images[:, :, 25:].max() == 0


# No ink, a fifth of it and all of it, as each data set writes them.
@pytest.mark.parametrize(
    ("dtype", "minimum", "maximum", "background", "expected"),
    [
        ("uint8", 0, 255, "minimum", [0, 51, 255]),
        ("uint8", 0, 255, "maximum", [255, 204, 0]),
        ("uint8", 0, 16, "minimum", [0, 3, 16]),
        ("int8", -128, 127, "minimum", [-128, -77, 127]),
        ("int16", -500, 5500, "maximum", [5500, 4300, -500]),
        ("int32", 0, 1_000_000, "minimum", [0, 200_000, 1_000_000]),
        ("float32", 0, 1, "minimum", [0, 0.2, 1]),
        ("float64", -1, 1, "maximum", [1, 0.6, -1]),
    ],
)
def test_ink_is_written_as_the_data_set_writes_it(
    dtype: str, minimum: float, maximum: float, background: str, expected: list[float]
) -> None:
    digit = np.array([[[0, 51, 255]] * 3], np.uint8)

    images = stacked(
        Handwriting({"a": digit}, {}, {}, {}), form(3, 3, dtype, minimum, maximum, background)
    )

    assert images.dtype == np.dtype(dtype)
    assert images[0].tolist() == [pytest.approx(expected)] * 3


def test_beside_a_digit_is_the_data_sets_background() -> None:
    digit = np.full((1, 2, 2), 255, np.uint8)

    images = stacked(Handwriting({"a": digit}, {}, {}, {}), form(2, 4, "float32", -1, 1, "maximum"))

    assert images[0].tolist() == [[1, -1, -1, 1]] * 2


def test_digits_get_equal_channels_where_images_have_colours() -> None:
    digit = np.array([[[0, 51], [255, 0]]], np.uint8)
    colours = form(2, 2).model_copy(update={"channels": 3})

    images = stacked(Handwriting({"a": digit}, {}, {}, {}), colours)

    assert images.shape == (1, 2, 2, 3)
    for channel in range(3):
        np.testing.assert_array_equal(images[..., channel], digit)
