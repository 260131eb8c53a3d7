import numpy as np
import pytest

from stages.photos.ink import contrast, ink, negative
from stages.shared.artifacts import Array

HEIGHT, WIDTH = 120, 160
STROKE = (slice(30, 90), slice(70, 80))
# Of a stroke that is 10 pixels wide.
WIDEST = 40


def sheet(paper: float = 0.9, written: float = 0.2) -> Array:
    """A sheet with one upright stroke."""
    brightness = np.full((HEIGHT, WIDTH), paper, np.float32)
    brightness[STROKE] = written
    return brightness


def light(kind: str) -> Array:
    """How much light falls on each place."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH] / max(HEIGHT, WIDTH)
    found: Array = {
        "even": np.ones((HEIGHT, WIDTH)),
        "from a side": 0.4 + 0.6 * across,
        "from a corner": 1 - 0.4 * down - 0.4 * across,
        "a shadow": 1 - 0.5 / (1 + np.exp((0.3 - across) / 0.015)),
    }[kind].astype(np.float32)
    return found


@pytest.mark.parametrize("kind", ["even", "from a side", "from a corner", "a shadow"])
def test_the_light_is_divided_out(kind: str) -> None:
    darkness, written = ink(sheet() * light(kind), WIDEST)

    assert darkness.dtype == np.float32
    # Of 0.9, 0.2 is left; stray light makes this a little less.
    assert darkness[STROKE] == pytest.approx(1 - 0.2 / 0.9, abs=0.15)
    assert written[STROKE].all()
    written[STROKE] = False
    # The rim of a stroke is soft.
    assert written.sum() <= 2 * 2 * (60 + 10) + 16


@pytest.mark.parametrize("kind", ["even", "from a side", "from a corner", "a shadow"])
@pytest.mark.parametrize("noise", [0, 0.005, 0.03])
def test_an_empty_sheet_has_no_ink(kind: str, noise: float) -> None:
    grain = np.random.default_rng(1).normal(0, noise, (HEIGHT, WIDTH))

    for brightness in (
        (0.8 * light(kind) + grain).clip(0, 1),
        (0.1 * light(kind) + grain).clip(0, 1),
    ):
        for picture in (brightness, negative(brightness)):
            _, written = ink(picture.astype(np.float32), WIDEST)
            # A pixel by chance.
            assert written.mean() < 0.001


def test_grain_counts_where_it_is() -> None:
    random = np.random.default_rng(1)
    brightness = np.full((200, 800), 0.8)
    brightness[:, 400:] += random.normal(0, 0.1, (200, 400))
    # As faint on either side; among the grain it is grain.
    brightness[60:140, 90:98] -= 0.12
    brightness[60:140, 690:698] -= 0.12

    _, written = ink(brightness.clip(0, 1).astype(np.float32), WIDEST)

    assert written[60:140, 90:98].mean() > 0.9
    assert written[:, 600:].mean() < 0.01


def test_camera_noise_counts_more_where_it_is_dark() -> None:
    brightness = np.full((200, 400), 0.85)
    # A desk beside a sheet of paper.
    brightness[:, :25] = 0.1
    brightness += np.random.default_rng(1).normal(0, 0.03, brightness.shape)

    _, written = ink(brightness.clip(0, 1).astype(np.float32), WIDEST / 2)

    assert written[:, :20].mean() < 0.01


def test_the_inside_of_a_large_shadow_is_paper() -> None:
    brightness = np.full((HEIGHT, WIDTH), 0.8, np.float32)
    brightness[20:, 40:120] *= 0.4

    # But for its corners.
    assert ink(brightness, WIDEST / 2)[1].mean() < 0.01
    assert ink(brightness, 4 * WIDEST)[1][20:, 40:120].mean() > 0.8


def test_faint_ink_is_found_and_a_stain_is_not() -> None:
    assert ink(sheet(0.8, 0.7), WIDEST)[1][STROKE].mean() > 0.95
    assert not ink(sheet(0.8, 0.77), WIDEST)[1].any()


@pytest.mark.parametrize("brightness", [0.0, 0.5, 1.0])
def test_one_brightness_is_no_ink(brightness: float) -> None:
    darkness, written = ink(np.full((HEIGHT, WIDTH), brightness, np.float32), WIDEST)

    assert np.abs(darkness).max() < 1e-6
    assert not written.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 3), (3, 5000)])
def test_any_shape_is_looked_at(shape: tuple[int, int]) -> None:
    darkness, written = ink(np.full(shape, 0.9, np.float32), WIDEST)

    assert darkness.shape == written.shape == shape
    assert np.isfinite(darkness).all()


def test_the_negative_has_the_same_contrast() -> None:
    board = sheet(0.1, 0.8)

    turned = negative(board)

    assert (turned.min(), turned.max()) >= (0, 0)
    assert turned[STROKE].max() < turned[0, 0] <= 1
    written = np.zeros(board.shape, bool)
    written[STROKE] = True
    # Light ink is as many times brighter than its paper as dark ink is darker.
    light_ink = 1 / (1 - contrast(board, written, ~written))
    assert 1 - contrast(turned, written, ~written) == pytest.approx(light_ink, rel=1e-3)


def test_contrast_is_the_share_of_the_light_that_is_missing() -> None:
    written = np.zeros((HEIGHT, WIDTH), bool)
    written[STROKE] = True

    assert contrast(sheet(0.9, 0.2), written, ~written) == pytest.approx(0.73, abs=0.01)
    assert contrast(sheet(0.9, 0.9), written, ~written) == pytest.approx(0)
