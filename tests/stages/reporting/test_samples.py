import numpy as np
import pytest

from stages.reporting import samples
from stages.shared import blocks
from stages.shared.artifacts import Array


def flat(*pixels: list[int]) -> Array:
    """Images of one row."""
    return np.array(pixels, np.uint8)[:, np.newaxis, :]


def test_the_grid_has_a_column_of_first_images_for_each_class() -> None:
    chosen = samples.grid(np.array([1, 0, 0, 1, 0, 1], np.uint8), 2, 2)

    assert chosen.tolist() == [[1, 0], [2, 3]]


def test_a_class_with_too_few_images_leaves_places_empty() -> None:
    assert samples.grid(np.array([1, 0, 1]), 3, 2).tolist() == [[1, 0, -1], [-1, 2, -1]]


# Class 0 has its mean at (12, 4), class 1 at (2, 20).
IMAGES = flat([2, 20], [12, 4], [14, 4], [12, 0], [6, 12], [16, 0])
LABELS = np.array([1, 0, 0, 0, 0, 0])


def test_typical_images_lie_nearest_to_the_mean_of_their_class() -> None:
    typical, _ = samples.lookalikes(IMAGES, LABELS, 0, 1, 4)

    assert typical.tolist() == [1, 2]


def test_lookalikes_lean_most_to_the_mean_of_the_other_class() -> None:
    _, alike = samples.lookalikes(IMAGES, LABELS, 0, 1, 4)

    # By hand, squared distances to (2, 20) and (12, 4): 80/100 for image 4,
    # 596/32 for image 5, 500/16 for image 3.
    assert alike.tolist() == [4, 5]


def test_of_few_images_each_is_shown_once_and_typical_ones_come_first() -> None:
    typical, alike = samples.lookalikes(IMAGES, LABELS, 0, 1, 10)

    assert (len(typical), len(alike)) == (3, 2)
    assert sorted([*typical, *alike]) == [1, 2, 3, 4, 5]


def test_an_image_equal_to_its_mean_is_no_lookalike() -> None:
    same = flat([9, 9], [5, 5], [5, 5], [5, 5], [5, 5])

    typical, alike = samples.lookalikes(same, np.array([1, 0, 0, 0, 0]), 0, 1, 4)

    assert (typical.tolist(), alike.tolist()) == ([1, 2], [3, 4])


def test_a_class_without_images_gives_none() -> None:
    typical, alike = samples.lookalikes(IMAGES, LABELS, 2, 1, 10)

    assert (len(typical), len(alike)) == (0, 0)


def test_the_size_of_the_blocks_does_not_change_the_choice(
    small_mnist: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = small_mnist["train_images"], small_mnist["train_labels"]
    at_once = samples.lookalikes(images, labels, 5, 3, 10)

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 7 * 28 * 28)

    np.testing.assert_array_equal(samples.lookalikes(images, labels, 5, 3, 10), at_once)


def test_signed_pixels_are_measured_as_unsigned_ones(small_mnist: dict[str, Array]) -> None:
    images, labels = small_mnist["train_images"], small_mnist["train_labels"]

    shifted = samples.lookalikes(images.astype(np.int16) - 300, labels, 5, 3, 10)

    np.testing.assert_array_equal(shifted, samples.lookalikes(images, labels, 5, 3, 10))


def test_lookalikes_are_found_by_all_channels() -> None:
    """Images of one class are red, and one of them is nearly the blue of the other class."""
    images = np.zeros((6, 2, 2, 3))
    images[:4, ..., 0] = 100
    images[4:, ..., 2] = images[3, ..., 2] = 100
    images[3, ..., 0] = 10

    typical, alike = samples.lookalikes(images, np.array([0, 0, 0, 0, 1, 1]), 0, 1, 2)

    assert typical.tolist() == [0]
    assert alike.tolist() == [3]
