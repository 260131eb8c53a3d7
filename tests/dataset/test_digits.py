from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stages.artifacts import Array
from stages.dataset.digits import find

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
    return np.asarray(picture, np.float32) / 255


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

    assert find((0.6 + lamp * across + grain).clip(0, 1).astype(np.float32)) == []


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
