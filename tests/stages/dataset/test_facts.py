from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.dataset import facts
from stages.dataset.facts import gather
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


def test_each_image_has_its_facts() -> None:
    found = gather(arrays())

    assert found.drop(columns="digest").to_dict("split")["data"] == [
        ["train", 0, 0, 0.25, 1, 2, 0, 9, False, False, False],
        ["train", 1, 1, 0.75, 1, 2, 5, 5, True, False, False],
        ["train", 2, 1, 0.75, 1, 2, 0, 9, False, True, False],
        ["train", 3, 1, 0.75, 1, 2, 1, 7, False, False, False],
        ["test", 0, 1, 0.5, 1, 2, 1, 7, False, False, True],
        ["test", 1, 0, 0.5, 1, 2, 1, 7, False, False, False],
    ]
    assert list(found.columns) == [
        *["split", "index", "label", "class_share", "height", "width"],
        *["pixel_minimum", "pixel_maximum", "blank", "digest", "duplicate", "leaked"],
    ]


def test_types_are_the_same_whatever_the_counts() -> None:
    equal = gather(arrays()).dtypes
    fewer = gather(arrays(train_labels=np.array([1], np.int32))).dtypes
    none = gather(arrays(test_images=images(), test_labels=np.array([], np.uint8))).dtypes

    pd.testing.assert_series_equal(equal, fewer)
    pd.testing.assert_series_equal(equal, none)


def test_an_image_without_a_label_keeps_its_row() -> None:
    found = gather(arrays(test_labels=np.array([1], np.uint8)))

    test = found[found["split"] == "test"]
    assert test["label"].tolist() == [1, pd.NA]
    assert test["height"].tolist() == [1, 1]
    assert test["class_share"].tolist() == pytest.approx([1, np.nan], nan_ok=True)


def test_labels_without_images_keep_their_rows_and_are_no_duplicates() -> None:
    found = gather(arrays(test_images=images([7, 1]), test_labels=np.array([1, 0, 1], np.uint8)))

    test = found[found["split"] == "test"]
    assert test["index"].tolist() == [0, 1, 2]
    assert test["label"].tolist() == [1, 0, 1]
    for column in ("height", "blank", "duplicate", "leaked"):
        assert test[column].isna().tolist() == [False, True, True], column


def test_a_missing_pixel_makes_the_range_missing() -> None:
    found = gather(arrays(test_images=images([1, np.nan], [3, 2], dtype="f4")))

    test = found[found["split"] == "test"]
    assert test["pixel_minimum"].tolist() == pytest.approx([np.nan, 2], nan_ok=True)
    assert test["pixel_maximum"].tolist() == pytest.approx([np.nan, 3], nan_ok=True)
    assert test["blank"].tolist() == [False, False]


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "f4", "f8"])
def test_every_pixel_type_is_taken(dtype: str) -> None:
    found = gather(arrays(train_images=images([-3, 4], [2, 2], dtype=dtype)))

    assert found["pixel_minimum"].tolist()[:2] == [-3, 2]
    assert found["blank"].tolist()[:2] == [False, True]


def test_memory_mapped_arrays_in_blocks_give_the_same(
    small_mnist: dict[str, Array], small_arrays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gather(small_mnist)
    monkeypatch.setattr(facts, "BLOCK", 7)

    mapped = gather({name: read_array(small_arrays / f"{name}.npy") for name in small_mnist})

    pd.testing.assert_frame_equal(mapped, whole)


def test_mnist_has_no_blank_no_duplicate_and_no_leaked_image(
    small_mnist: dict[str, Array],
) -> None:
    found = gather(small_mnist)

    assert len(found) == 800
    assert not found[["blank", "duplicate", "leaked"]].any(axis=None)
    assert found["pixel_minimum"].unique().tolist() == [0]
