from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stages.training.batches import Batches, Examples, InMemory, Streamed, batches, loaded

IMAGES = np.arange(6 * 2 * 3, dtype=np.uint8).reshape(6, 2, 3)
ORDER = [2, 0, 3, 1]


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    """Four of six images, mapped from a file."""
    np.save(tmp_path / "images.npy", IMAGES)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    return Examples(mapped, np.arange(6), np.array([5, 0, 3, 2]))


@pytest.mark.parametrize("kind", [InMemory, Streamed])
def test_an_epoch_gives_the_chosen_images_in_its_order(
    kind: Callable[[Examples], Batches], examples: Examples
) -> None:
    source = kind(examples)

    @tf.function
    def epoch(order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images = source.epoch(order, 3)
        return images(order[:3]), images(order[3:])

    first, last = epoch(tf.constant(ORDER))

    np.testing.assert_array_equal(first, IMAGES[[3, 5, 2]])
    np.testing.assert_array_equal(last, IMAGES[[0]])
    assert first.dtype == tf.uint8


def test_all_rows_count_unless_some_are_chosen(examples: Examples) -> None:
    np.testing.assert_array_equal(examples.chosen, [5, 0, 3, 2])
    np.testing.assert_array_equal(examples._replace(rows=None).chosen, np.arange(6))


def test_by_size_small_images_are_kept_and_large_ones_streamed(
    examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 24 bytes are chosen; a quarter of 100 holds them, a quarter of 95 does not.
    for memory, kind in ((100, InMemory), (95, Streamed)):
        sizes = {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": memory}
        monkeypatch.setattr("os.sysconf", sizes.__getitem__)

        assert isinstance(batches(examples, "auto"), kind)


def test_a_parameter_chooses(examples: Examples) -> None:
    assert isinstance(batches(examples, "memory"), InMemory)
    assert isinstance(batches(examples, "stream"), Streamed)


def test_held_images_do_not_change_with_their_file(examples: Examples, tmp_path: Path) -> None:
    found = loaded(examples, "memory")
    with (tmp_path / "images.npy").open("r+b") as file:
        file.seek(-IMAGES.nbytes, 2)
        file.write(bytes(IMAGES.nbytes))

    np.testing.assert_array_equal(examples.images[examples.chosen], np.zeros((4, 2, 3)))
    np.testing.assert_array_equal(found.images, IMAGES[[5, 0, 3, 2]])
    np.testing.assert_array_equal(found.labels, [5, 0, 3, 2])
    np.testing.assert_array_equal(found.chosen, np.arange(4))
    assert loaded(found, "memory") is found


def test_streamed_images_stay_where_they_are(examples: Examples) -> None:
    assert loaded(examples, "stream") is examples
