from pathlib import Path

import numpy as np
import pytest

from stages.dataset.facts import Facts, gather
from stages.shared import blocks
from stages.shared.artifacts import Array, read_array


def images(*pixels: list[float], dtype: str = "u1") -> Array:
    """Images of 1 x 2 pixels."""
    return np.array(pixels, dtype).reshape(-1, 1, 2)


def arrays(**changed: Array) -> dict[str, Array]:
    return {
        "train_images": images([0, 9], [5, 5], [0, 9], [7, 1]),
        "train_labels": np.array([0, 1, 1, 1], np.uint8),
        "test_images": images([7, 1], [1, 7]),
        "test_labels": np.array([1, 0], np.uint8),
    } | changed


def listed(facts: Facts) -> dict[str, object]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in facts._asdict().items()
    }


def test_each_image_has_its_facts() -> None:
    found = gather(arrays())

    assert listed(found["train"]) == {
        "height": 1,
        "width": 2,
        "minimum": [0, 5, 0, 1],
        "maximum": [9, 5, 9, 7],
        "blank": [False, True, False, False],
        "duplicate": [False, False, True, False],
        "leaked": [False] * 4,
        "labels": [0, 1, 1, 1],
    }
    assert listed(found["test"]) == {
        "height": 1,
        "width": 2,
        "minimum": [1, 1],
        "maximum": [7, 7],
        "blank": [False, False],
        "duplicate": [False, False],
        "leaked": [True, False],
        "labels": [1, 0],
    }


def test_a_missing_pixel_makes_the_range_missing() -> None:
    found = gather(arrays(test_images=images([1, np.nan], [3, 2], dtype="f4")))["test"]

    assert found.minimum.tolist() == pytest.approx([np.nan, 2], nan_ok=True)
    assert found.maximum.tolist() == pytest.approx([np.nan, 3], nan_ok=True)
    assert found.blank.tolist() == [False, False]


@pytest.mark.parametrize("dtype", ["i1", "i2", ">i2", "i4", ">i4", "f4", ">f4", "f8", ">f8"])
def test_every_pixel_type_is_taken(dtype: str) -> None:
    found = gather(arrays(train_images=images([-3, 4], [2, 2], dtype=dtype)))["train"]

    assert found.minimum.tolist() == [-3, 2]
    assert found.minimum.dtype.isnative
    assert found.blank.tolist() == [False, True]


def test_images_differ_by_any_of_their_channels() -> None:
    colours = np.zeros((3, 1, 2, 3), np.uint8)
    colours[1, 0, 1, 2] = 1

    found = gather(arrays(train_images=colours))["train"]

    assert found.duplicate.tolist() == [False, False, True]
    assert found.blank.tolist() == [True, False, True]


def test_sets_without_images_or_labels_have_no_facts() -> None:
    found = gather(arrays(test_images=images(), test_labels=np.array([], np.uint8)))["test"]

    assert {len(found.minimum), len(found.leaked), len(found.labels)} == {0}


def test_memory_mapped_arrays_in_blocks_give_the_same(
    small_mnist: dict[str, Array], small_arrays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gather(small_mnist)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 7 * 28 * 28)

    mapped = gather({name: read_array(small_arrays / f"{name}.npy") for name in small_mnist})

    assert {name: listed(facts) for name, facts in mapped.items()} == {
        name: listed(facts) for name, facts in whole.items()
    }


def test_mnist_has_no_blank_no_duplicate_and_no_leaked_image(
    small_mnist: dict[str, Array],
) -> None:
    found = gather(small_mnist)

    assert [len(facts.minimum) for facts in found.values()] == [600, 200]
    for facts in found.values():
        assert not (facts.blank | facts.duplicate | facts.leaked).any()
        assert np.unique(facts.minimum).tolist() == [0]
