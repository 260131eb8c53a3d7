import numpy as np
import pytest

from stages.dataset.standardization import measure
from stages.shared import blocks
from stages.shared.artifacts import Array


def test_mean_and_deviation_equal_a_hand_computation() -> None:
    images = np.array([[[0, 10]], [[20, 30]]], np.uint8)

    measured = measure(images)

    assert measured["mean"].tolist() == [[10, 20]]
    # Pixels 0, 10, 20, 30 about their mean 15: squares 225, 25, 25, 225.
    assert measured["standard_deviation"] == pytest.approx([125**0.5])


def test_blocks_leave_the_result_as_it_is(
    small_mnist: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = small_mnist["train_images"]
    whole = measure(images)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 7 * 28 * 28)

    measured = measure(images)

    np.testing.assert_allclose(measured["mean"], whole["mean"], rtol=1e-6)
    np.testing.assert_allclose(measured["standard_deviation"], images.std(), rtol=1e-6)


def test_only_the_chosen_rows_are_measured(small_mnist: dict[str, Array]) -> None:
    images, rows = small_mnist["train_images"], np.array([5, 2, 11])

    measured, expected = measure(images, rows), measure(images[rows])

    assert measured["mean"].tolist() == expected["mean"].tolist()
    assert measured["standard_deviation"] == expected["standard_deviation"]


def test_constant_images_are_not_divided_by_zero() -> None:
    measured = measure(np.full((3, 2, 2), 7, np.uint8))

    assert measured["standard_deviation"].tolist() == [1]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize(("background", "ink"), [(3, 100), (100, 3)])
def test_the_background_is_what_most_of_the_border_is(
    dtype: str, background: int, ink: int
) -> None:
    images = np.full((2, 6, 5), background, dtype)
    images[:, 1:5, 2] = ink
    images[1, 0, 2] = ink

    assert measure(images)["background"].tolist() == [background]


def test_the_mean_of_colours_is_that_of_each_channel() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3, 3), np.uint8)
    images[:, [0, -1]] = images[:, :, [0, -1]] = 255

    measured = measure(images)

    np.testing.assert_allclose(measured["mean"], images.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(measured["standard_deviation"], images.std(), rtol=1e-6)
    assert measured["background"].tolist() == [255]
