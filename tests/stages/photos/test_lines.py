import numpy as np
import pytest

from stages.photos.lines import without_lines
from stages.shared.artifacts import Array

HEIGHT, WIDTH = 240, 300


def printed(*, slope: float = 0.0, step: int = 30, squared: bool = True) -> Array:
    """Lines two pixels wide, and perhaps others at right angles to them."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    lines: Array = np.rint(down - slope * across) % step < 2
    if squared:
        lines |= np.rint(across + slope * down) % step < 2
    return lines


def stroke() -> Array:
    """An upright stroke and a bar, eight pixels wide."""
    ink = np.zeros((HEIGHT, WIDTH), bool)
    ink[70:170, 148:156] = ink[70:78, 120:156] = True
    return ink


@pytest.mark.parametrize("slope", [-0.08, 0, 0.03])
@pytest.mark.parametrize("squared", [True, False])
def test_printed_lines_are_dropped(slope: float, squared: bool) -> None:
    assert without_lines(printed(slope=slope, squared=squared)).mean() < 0.001


@pytest.mark.parametrize("slope", [-0.08, 0, 0.03])
def test_a_stroke_that_crosses_lines_is_kept(slope: float) -> None:
    left = without_lines(printed(slope=slope) | stroke())

    assert left[stroke()].mean() > 0.97
    assert left[~stroke()].mean() < 0.01


@pytest.mark.parametrize("lines", [1, 2])
def test_fewer_lines_than_on_ruled_paper_may_be_a_pens(lines: int) -> None:
    ink = np.zeros((HEIGHT, WIDTH), bool)
    for number in range(lines):
        ink[100 + 50 * number : 102 + 50 * number] = True

    assert (without_lines(ink) == ink).all()


def test_strokes_without_lines_are_kept() -> None:
    assert (without_lines(stroke()) == stroke()).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3)])
@pytest.mark.parametrize("value", [True, False])
def test_any_shape_is_looked_at(shape: tuple[int, int], value: bool) -> None:
    assert without_lines(np.full(shape, value)).shape == shape
