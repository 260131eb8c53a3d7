import numpy as np
import pytest

from stages.artifacts import Array
from stages.dataset.ink import ink

HEIGHT, WIDTH = 120, 160
STROKE = (slice(30, 90), slice(70, 80))


def sheet(paper: float = 0.9, written: float = 0.2) -> Array:
    """A sheet with one upright stroke."""
    brightness = np.full((HEIGHT, WIDTH), paper, np.float32)
    brightness[STROKE] = written
    return brightness


def light(kind: str) -> Array:
    """How much light falls on each place."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH] / max(HEIGHT, WIDTH)
    return {
        "even": np.ones((HEIGHT, WIDTH)),
        "from a side": 0.4 + 0.6 * across,
        "from a corner": 1 - 0.4 * down - 0.4 * across,
        "a shadow": 1 - 0.5 / (1 + np.exp((0.3 - across) / 0.015)),
    }[kind].astype(np.float32)


@pytest.mark.parametrize("kind", ["even", "from a side", "from a corner", "a shadow"])
def test_the_light_is_divided_out(kind: str) -> None:
    found = ink(sheet() * light(kind))

    assert found.dtype == np.float32
    assert found[STROKE].min() > 0.8
    found[STROKE] = 0
    assert found.max() < 0.5


@pytest.mark.parametrize(("paper", "written"), [(0.9, 0.2), (0.1, 0.8), (0.55, 0.4), (1, 0)])
def test_either_may_be_brighter(paper: float, written: float) -> None:
    found = ink(sheet(paper, written))

    assert found[STROKE].min() > 0.9
    assert found.sum() == pytest.approx(found[STROKE].sum(), rel=0.05)


@pytest.mark.parametrize("kind", ["even", "from a side", "from a corner", "a shadow"])
def test_an_empty_sheet_has_no_ink(kind: str) -> None:
    noise = np.random.default_rng(1).normal(0, 0.005, (HEIGHT, WIDTH))

    assert ink((0.8 * light(kind) + noise).clip(0, 1).astype(np.float32)).max() < 0.5


@pytest.mark.parametrize("brightness", [0.0, 0.5, 1.0])
def test_one_brightness_is_no_ink(brightness: float) -> None:
    assert ink(np.full((HEIGHT, WIDTH), brightness, np.float32)).max() == 0


def test_ruled_lines_are_no_ink() -> None:
    ruled = sheet()
    ruled[::20] *= 0.75

    found = ink(ruled)

    assert found[STROKE].min() > 0.8
    found[STROKE] = 0
    assert found.max() < 0.5


def test_a_large_picture_is_made_smaller() -> None:
    large = np.full((1700, 3300), 0.9, np.float32)
    large[300:900, 1000:1090] = 0.1

    found = ink(large)

    assert found.shape == (566, 1100)
    assert found[120:280, 335:360].min() > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 3), (3, 5000)])
def test_any_shape_is_looked_at(shape: tuple[int, int]) -> None:
    assert np.isfinite(ink(np.full(shape, 0.9, np.float32))).all()
