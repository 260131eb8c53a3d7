from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.rendering import DISTORTIONS
from stages.photos.digits import find
from stages.photos.pictures import read
from stages.shared.artifacts import Array

Line = Sequence[tuple[int, int]]

ONE: list[Line] = [[(20, 10), (20, 70)]]
FIVE: list[Line] = [[(10, 12), (10, 40), (36, 44), (36, 66), (8, 70)], [(18, 10), (40, 10)]]


def drawn(*placed: tuple[list[Line], int, int], size: tuple[int, int] = (400, 300)) -> Array:
    """Strokes on white paper, each figure moved right and down; ``size`` is width and height."""
    picture = Image.new("L", size, 230)
    pen = ImageDraw.Draw(picture)
    for lines, right, down in placed:
        for line in lines:
            pen.line([(x + right, y + down) for x, y in line], fill=40, width=6)
    return np.asarray(picture, np.float32)[..., np.newaxis] / 255


def places(brightness: Array) -> list[tuple[int, int]]:
    """Where the digits begin, in steps of 50 pixels: across and down."""
    return [(round(digit.box.left / 50), round(digit.box.top / 50)) for digit in find(brightness)]


def test_nothing_is_found_on_a_blank_sheet() -> None:
    assert find(drawn()) == []


@pytest.mark.parametrize("lamp", [0.0, 0.4, -0.5])
@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_nothing_is_found_on_a_blank_sheet_in_bad_light(lamp: float, noise: float) -> None:
    across = np.linspace(-0.5, 0.5, 400)
    grain = np.random.default_rng(1).normal(0, noise, (300, 400))

    assert find((0.6 + lamp * across + grain).clip(0, 1).astype(np.float32)[..., np.newaxis]) == []


def test_a_digit_is_found_with_its_own_ink_alone() -> None:
    (digit,) = find(drawn((ONE, 100, 50)))

    top, left, bottom, right = digit.box
    assert (top, left, bottom, right) == pytest.approx((60, 117, 120, 123), abs=6)
    assert digit.strokes.shape == (bottom - top, right - left)
    # A line 6 or 7 pixels wide and 61 high, by its end points.
    assert digit.strokes.sum() == pytest.approx(6.5 * 61, rel=0.1)


def test_lines_are_read_from_top_to_bottom_each_from_left_to_right() -> None:
    sheet = drawn((ONE, 280, 28), (ONE, 30, 30), (FIVE, 150, 40), (ONE, 130, 180), (FIVE, 30, 190))

    assert places(sheet) == [(1, 1), (3, 1), (6, 1), (1, 4), (3, 4)]


def test_the_bar_of_a_five_belongs_to_it() -> None:
    (digit,) = find(drawn((FIVE, 100, 50)))

    assert digit.box.top < 60
    assert digit.box.right > 140


def test_a_neighbour_that_reaches_over_stays_outside() -> None:
    slanted: list[Line] = [[(60, 10), (10, 70)]]

    first, second = find(drawn((slanted, 100, 50), (slanted, 125, 50)))

    assert first.box.right > second.box.left
    np.testing.assert_allclose(first.strokes.sum(), second.strokes.sum(), rtol=0.05)


def test_blots_and_dots_are_no_digits() -> None:
    dot: list[Line] = [[(0, 0), (3, 3)]]

    assert places(drawn((ONE, 100, 50), (dot, 300, 60), (dot, 30, 200))) == [(2, 1)]


@pytest.mark.parametrize("line", [[(0, 80), (399, 84)], [(60, 0), (60, 299)]])
def test_a_line_through_the_sheet_is_no_digit(line: Line) -> None:
    assert places(drawn((ONE, 200, 100), ([line], 0, 0))) == [(4, 2)]


def test_a_digit_that_fills_the_picture_is_found() -> None:
    (digit,) = find(drawn((ONE, 0, -10), size=(40, 62)))

    assert digit.box.height >= 60


def test_specks_are_too_small_for_digits() -> None:
    speck: list[Line] = [[(0, 0), (0, 1)]]

    assert find(drawn((speck, 100, 100))) == []


def test_lines_may_slope() -> None:
    sheet = drawn(*((ONE, 20 + 60 * step, 90 - 16 * step) for step in range(6)))

    assert [digit.box.left for digit in find(sheet)] == sorted(
        digit.box.left for digit in find(sheet)
    )
    assert len(find(sheet)) == 6


def test_two_lines_that_slope_stay_two() -> None:
    places = [(30 + 60 * step, down - 12 * step) for down in (80, 190) for step in range(5)]

    found = find(drawn(*((ONE, right, down) for right, down in places)))

    boxes = [(digit.box.left, digit.box.top) for digit in found]
    expected = [(right + 20, down + 10) for right, down in places]
    np.testing.assert_allclose(boxes, expected, atol=8)


@pytest.mark.parametrize("slope", [-6, 0, 6])
def test_an_underline_is_left_out(slope: int) -> None:
    underline: list[Line] = [[(0, 82 - slope), (60, 82 + slope)]]

    (digit,) = find(drawn((FIVE, 150, 100), (underline, 145, 100)))

    assert digit.box == pytest.approx((105, 153, 175, 195), abs=10)


def test_a_digit_in_a_circle_is_found_without_it() -> None:
    circle = [(32 + 60 * np.cos(turn), 40 + 60 * np.sin(turn)) for turn in np.linspace(0, 7, 99)]
    around: list[Line] = [[(round(x), round(y)) for x, y in circle]]

    (digit,) = find(drawn((FIVE, 150, 100), (around, 150, 100)))

    assert digit.box == pytest.approx((105, 153, 175, 195), abs=10)


def test_fringes_of_colour_in_a_file_are_no_digits(tmp_path: Path) -> None:
    share = (230 / 255 - drawn((FIVE, 100, 50))) / (190 / 255)
    photo = np.array([220, 217, 205]) * (1 - share) + np.array([140, 20, 25]) * share
    noise = np.random.default_rng(1).normal(0, 3, photo.shape)
    pixels = (photo + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.jpg", quality=85)

    (digit,) = find(read(tmp_path / "photo.jpg"))

    assert digit.box == pytest.approx((54, 104, 129, 148), abs=10)


def test_the_glow_of_a_lamp_around_a_digit_is_no_digit() -> None:
    down, across = np.mgrid[-150:150, -200:200] / 400
    glow = 0.3 + 0.7 * np.exp(-(down**2 + across**2) / 0.03)
    sheet = drawn((FIVE, 175, 110)) * glow[..., np.newaxis]

    (digit,) = find(sheet.astype(np.float32))

    assert digit.box == pytest.approx((115, 178, 185, 220), abs=10)


INKS = {
    "black on white": ((20, 20, 20), (235, 235, 235)),
    "white on black": ((235, 235, 235), (20, 20, 20)),
    "yellow on white": ((235, 225, 60), (225, 225, 225)),
    "red on white": ((220, 40, 40), (225, 225, 225)),
    "blue on yellow": ((40, 60, 160), (235, 225, 60)),
    "white on blue": ((235, 235, 235), (20, 60, 225)),
    "yellow on green": ((235, 225, 90), (40, 90, 60)),
}


@pytest.mark.parametrize("name", INKS)
def test_ink_and_paper_may_have_any_colours(name: str) -> None:
    ink, paper = (np.array(colour) / 255 for colour in INKS[name])
    share = (230 / 255 - drawn((FIVE, 100, 50))) / (190 / 255)

    (digit,) = find((paper * (1 - share) + ink * share).astype(np.float32))

    assert digit.box == pytest.approx((54, 104, 129, 148), abs=8)


def ring(width: int, hole: int) -> Array:
    """A thick light ring around a dark hole, on dark."""
    picture = Image.new("L", (300, 300), 30)
    pen = ImageDraw.Draw(picture)
    pen.ellipse([150 - hole - width, 60, 150 + hole + width, 240], fill=230)
    pen.ellipse([150 - hole, 60 + width, 150 + hole, 240 - width], fill=30)
    return np.asarray(picture, np.float32)[..., np.newaxis] / 255


@pytest.mark.parametrize(("width", "hole"), [(20, 50), (30, 30), (35, 15), (35, 5)])
def test_the_hole_of_a_digit_is_no_digit(width: int, hole: int) -> None:
    for picture in (ring(width, hole), 1 - ring(width, hole)):
        (digit,) = find(picture)

        assert digit.box.top == pytest.approx(60, abs=16)


@pytest.mark.parametrize("margin", [15, 22, 30, 90])
def test_a_sheet_on_a_dark_desk_is_no_digit_but_what_is_written_on_it(margin: int) -> None:
    desk = np.full((300, 400, 1), 0.15, np.float32)
    sheet = slice(110 - margin, 170 + margin), slice(158 - margin, 190 + margin)
    desk[sheet] = drawn((FIVE, 150, 100))[sheet]

    (digit,) = find(desk)

    assert digit.box == pytest.approx((105, 153, 175, 195), abs=10)


def test_a_stain_beside_ink_is_no_digit() -> None:
    sheet = drawn((ONE, 100, 50))
    sheet[60:120, 250:256] -= 0.12

    assert places(sheet) == [(2, 1)]


def test_a_dash_is_too_wide_for_a_digit() -> None:
    dash: list[Line] = [[(0, 0), (120, 24)]]

    assert places(drawn((ONE, 40, 50), (dash, 150, 80))) == [(1, 1)]


def test_a_box_that_touches_its_digit_is_left_out() -> None:
    sheet = drawn()
    sheet[50:200, 100] = sheet[50:200, 220] = sheet[50, 100:220] = sheet[200, 100:220] = 0.2
    sheet[70:201, 150:170] = 0.2

    (digit,) = find(sheet)

    assert (digit.box.left, digit.box.right) == pytest.approx((150, 170), abs=14)


@pytest.mark.parametrize("noise", [0.005, 0.015, 0.03])
def test_the_edge_of_a_blank_sheet_is_no_digit(noise: float) -> None:
    random = np.random.default_rng(2)
    picture = np.full((448, 672), 0.85)
    picture[:, :25] = picture[-18:] = 0.2
    picture += random.normal(0, noise, picture.shape)

    assert find(picture.clip(0, 1).astype(np.float32)[..., np.newaxis]) == []


# The last stroke of the 41st digit runs into the corner of the shadow.
@pytest.mark.parametrize("number", range(30, 45))
def test_a_digit_is_one_digit_though_a_shadow_falls_on_it(
    number: int, small_mnist: dict[str, Array]
) -> None:
    random = np.random.default_rng(number)

    picture = DISTORTIONS["shadow"](small_mnist["test_images"][number], random)

    assert len(find(picture[..., np.newaxis])) == 1
