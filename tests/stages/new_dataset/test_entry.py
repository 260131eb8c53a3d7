import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.new_dataset.content import Set
from stages.new_dataset.entry import entry_of

# One dark pixel tells the class; of the third class it is near that of the second.
IMAGES = np.array(
    [
        [[9, 0, 0, 0]],
        [[0, 0, 9, 0]],
        [[0, 0, 8, 1]],
        [[9, 0, 0, 0]],
        [[0, 0, 9, 1]],
    ]
)
TRAIN = Set(IMAGES, np.array([0, 1, 2, 0, 1]))
TEST = Set(IMAGES[:4], np.array([0, 1, 2, 1]))


@pytest.fixture
def entry(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "one").write_bytes(b"content")
    sources = [{"kind": "folder", "path": "a"}]
    return entry_of("Title", "abc", {"train_images": tmp_path / "one"}, sources, {}, TRAIN, TEST)


def test_files_are_pinned_by_size_and_hash(entry: dict[str, Any]) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    assert entry["files"] == {"train_images": {"name": "one", "bytes": 7, "sha256": digest}}


def test_bounds_are_what_the_data_satisfy(entry: dict[str, Any]) -> None:
    """By hand: 2 of 5 and 1 of 5 labels in training, 1 of 4 and 2 of 4 in the test set."""
    assert entry["expectations"] == {
        "train_images": 5,
        "test_images": 4,
        "height": 1,
        "width": 4,
        "pixel_minimum": 0,
        "pixel_maximum": 9,
        "class_share_minimum": 0.2,
        "class_share_maximum": 0.5,
        "blank_share": 0,
        # One image of five in training, one of four in the test set.
        "duplicate_share": 0.25,
        "leaked_share": 1,
    }


def test_the_most_alike_classes_are_named(entry: dict[str, Any]) -> None:
    assert set(entry["lookalikes"].values()) == {"b", "c"}


def test_the_least_accuracy_is_that_of_the_nearest_mean_image(entry: dict[str, Any]) -> None:
    """By hand: the last of four test images looks like the first class, and is of the second."""
    assert entry["gate"]["min_accuracy"] == 0.75
