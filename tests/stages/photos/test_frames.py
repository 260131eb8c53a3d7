import numpy as np
import pytest
from PIL import Image, ImageDraw

from stages.photos.frames import without_frames
from stages.shared.artifacts import Array

SEVEN = [(110, 80), (160, 80), (130, 160)]
BOX = (80, 50, 190, 190)


def drawn(*, box: tuple[int, int, int, int] | None = None, circle: bool = False) -> Array:
    """A seven, and what is drawn around it: left, top, right and bottom."""
    picture = Image.new("L", (300, 240))
    pen = ImageDraw.Draw(picture)
    pen.line(SEVEN, fill=1, width=8)
    if box:
        pen.rectangle(box, outline=1, width=3)
    if circle:
        pen.ellipse(BOX, outline=1, width=8)
    return np.asarray(picture) > 0


def test_a_circle_is_dropped_and_the_digit_in_it_kept() -> None:
    assert (without_frames(drawn(circle=True)) == drawn()).all()


def test_a_box_is_dropped_and_the_digit_in_it_kept() -> None:
    assert (without_frames(drawn(box=BOX)) == drawn()).all()


def test_a_box_that_touches_its_digit_takes_little_of_it_along() -> None:
    left = without_frames(drawn(box=(107, 77, 165, 161)))

    assert not left[100:150, 107:110].any()
    assert left[drawn()].mean() > 0.8
    assert not left[~drawn()].any()


@pytest.mark.parametrize("speck", [0, 6])
def test_a_zero_is_no_frame_though_there_is_a_speck_in_it(speck: int) -> None:
    picture = Image.new("L", (300, 240))
    ImageDraw.Draw(picture).ellipse(BOX, outline=1, width=8)
    zero = np.asarray(picture) > 0
    zero[100 : 100 + speck, 120 : 120 + speck] = True

    assert (without_frames(zero) == zero).all()


def test_nothing_is_nothing() -> None:
    assert not without_frames(np.zeros((30, 40), bool)).any()
