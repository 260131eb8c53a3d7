import numpy as np
import pytest

from stages.shared.artifacts import Array
from stages.training.drawings import drawings


@pytest.fixture(scope="module")
def drawn() -> Array:
    return drawings(300, np.random.default_rng(1))


def test_drawings_are_of_mnists_size_and_pixels(drawn: Array) -> None:
    assert drawn.shape == (300, 28, 28)
    assert drawn.dtype == np.uint8
    assert (drawn.min(axis=(1, 2)) == 0).all()
    assert (drawn.max(axis=(1, 2)) == 255).all()


def test_each_fills_mnists_box_in_the_middle(drawn: Array) -> None:
    inked = drawn > 127
    for image in inked:
        rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert 19 <= longer <= 21
        for places in (rows, columns):
            assert (places[0] + places[-1]) / 2 == pytest.approx(13.5, abs=0.5)


def test_no_two_are_alike(drawn: Array) -> None:
    assert len({image.tobytes() for image in drawn}) == len(drawn)


def test_about_a_quarter_are_blots(drawn: Array) -> None:
    """A broad brush covers half of the box or more; most pens, a third or less."""
    covered = (drawn > 127).sum(axis=(1, 2)) / 20**2

    assert 0.15 < (covered > 0.5).mean() < 0.35
    assert np.median(covered) < 0.4


def test_the_generator_determines_them(drawn: Array) -> None:
    np.testing.assert_array_equal(drawings(300, np.random.default_rng(1)), drawn)
    assert not np.array_equal(drawings(300, np.random.default_rng(2)), drawn)


def test_there_may_be_none() -> None:
    assert drawings(0, np.random.default_rng(1)).shape == (0, 28, 28)
