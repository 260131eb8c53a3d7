import numpy as np
import pytest
from skimage.measure import label

from stages.photos.parts import Box, parts, thickness
from stages.shared.artifacts import Array

HEIGHT, WIDTH = 200, 300


def found(*places: tuple[slice, slice], strength: float = 0.8) -> list[Box]:
    """The boxes of what is left of rectangles of ink."""
    inked = np.zeros((HEIGHT, WIDTH), bool)
    for place in places:
        inked[place] = True
    return [part.box for part in parts(np.where(inked, strength, 0), label(inked))]


STROKE = (slice(50, 110), slice(40, 48))
STROKE_BOX = Box(50, 40, 110, 48)


def test_a_stroke_is_measured() -> None:
    inked = np.zeros((HEIGHT, WIDTH), bool)
    inked[STROKE] = True
    darkness = np.where(inked, np.float32(0.7), 0)
    darkness[50, 40] = 1

    (part,) = parts(darkness, label(inked))

    assert part.box == STROKE_BOX
    assert (part.box.height, part.box.width, part.box.length, part.box.area) == (60, 8, 60, 480)
    assert part.strength == pytest.approx(0.7)
    assert part.width == pytest.approx(8, abs=1)


def test_nothing_is_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((slice(150, 153), slice(150, 153)), id="speck"),
        pytest.param((slice(60, 120), slice(150, 210)), id="blot"),
        pytest.param((slice(150, 160), slice(0, WIDTH)), id="line from side to side"),
        pytest.param((slice(0, HEIGHT), slice(200, 208)), id="line from top to bottom"),
        pytest.param((slice(10, 150), slice(0, 10)), id="edge of the paper at the left"),
        pytest.param((slice(190, HEIGHT), slice(100, 250)), id="edge of the paper below"),
    ],
)
def test_what_is_no_stroke_is_left_out(other: tuple[slice, slice]) -> None:
    assert found(STROKE, other) == [STROKE_BOX]


def test_a_stroke_may_end_at_the_edge_of_the_picture() -> None:
    assert found((slice(0, 60), slice(40, 48))) == [Box(0, 40, 60, 48)]


def grid(step: int, thick: int = 2) -> Array:
    lines = np.zeros((HEIGHT, WIDTH), bool)
    for start in range(thick):
        lines[start + 5 :: step] = lines[:, start + 5 :: step] = True
    return lines


def test_a_printed_table_is_no_stroke_though_it_ends_before_the_edges() -> None:
    table = np.zeros((HEIGHT, WIDTH), bool)
    table[20:120, 20:120] = grid(19)[:100, :100]

    assert parts(np.where(table, 0.8, 0), label(table)) == []


def test_pieces_of_ruled_lines_are_none_either_but_a_pens_strokes_are() -> None:
    lines = grid(40)
    piece, stroke = (slice(15, 35), slice(20, 22)), (slice(95, 119), slice(60, 66))
    lines[piece] = lines[stroke] = True

    left = parts(np.where(lines, 0.8, 0), label(lines))

    assert [part.box for part in left] == [Box(95, 60, 119, 66)]


def test_one_line_is_a_pens_and_takes_no_stroke_with_it() -> None:
    line = (slice(150, 158), slice(0, WIDTH))

    assert found(STROKE, line) == [STROKE_BOX]


def test_a_digit_cut_closely_may_reach_from_edge_to_edge() -> None:
    inked = np.zeros((60, 40), bool)
    inked[:, 16:24] = True

    assert [part.box for part in parts(np.where(inked, 0.8, 0), label(inked))] == [
        Box(0, 16, 60, 24)
    ]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param((slice(None), slice(0, 8)), id="wholly along an edge"),
        pytest.param((slice(None), slice(18, 19)), id="thinner than a pen"),
    ],
)
def test_what_runs_through_a_picture_otherwise_is_no_digit(place: tuple[slice, slice]) -> None:
    inked = np.zeros((60, 40), bool)
    inked[place] = True

    assert parts(np.where(inked, 0.8, 0), label(inked)) == []


def test_thickness_is_highest_in_the_middle() -> None:
    inked = np.zeros((9, 9), bool)
    inked[2:7] = True

    assert thickness(inked)[:, 4].tolist() == [0, 0, 2, 4, 6, 4, 2, 0, 0]
    assert thickness(np.ones((3, 3), bool))[1].tolist() == [2, 4, 2]
