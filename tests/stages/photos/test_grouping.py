import numpy as np
import pytest

from stages.photos.grouping import grouped, reading_order
from stages.photos.parts import Box, Part


def part(left: float, top: float, *, width: int = 40, height: int = 70) -> Part:
    right, down = round(left), round(top)
    return Part(Box(down, right, down + height, right + width), 0, 0.8, 6)


@pytest.mark.parametrize("slope", [-0.2, 0, 0.1, 0.2])
@pytest.mark.parametrize("lines", [1, 2, 3])
def test_digits_are_in_the_order_of_lines_that_slope(slope: float, lines: int) -> None:
    random = np.random.default_rng(1)
    digits = [
        [part(110 * across, 200 + 125 * line + slope * 110 * across + random.uniform(-8, 8))]
        for line in range(lines)
        for across in range(5)
    ]

    shuffled = [digits[number] for number in random.permutation(len(digits))]

    assert reading_order(shuffled) == digits


def test_without_digits_there_are_no_lines() -> None:
    assert reading_order([]) == []


def test_a_line_below_a_digit_is_no_part_of_it_if_it_is_wider() -> None:
    digit, underline = part(100, 50), part(80, 128, width=90, height=6)

    assert grouped([digit, underline]) == [[digit]]


def test_a_line_above_a_digit_is_the_bar_of_a_five() -> None:
    digit, bar = part(100, 50), part(98, 42, width=44, height=6)

    assert grouped([digit, bar]) == [[digit, bar]]
