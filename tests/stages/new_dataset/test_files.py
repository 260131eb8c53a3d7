import gzip
import tarfile
from pathlib import Path

import idx2numpy
import numpy as np
import pytest
from PIL import Image

from stages.dataset import idx
from stages.new_dataset.content import ContentError
from stages.new_dataset.files import (
    STANDARD,
    copy_files,
    names_in,
    read_arrays,
    read_pictures,
    write_idx,
)
from stages.params.dataset import FolderSource


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
def test_a_written_idx_file_is_read_by_another_library(tmp_path: Path, dtype: str) -> None:
    array = (np.arange(24).reshape(2, 3, 4) - 5 * (dtype[0] != "u")).astype(dtype)

    write_idx(tmp_path / "file", array)

    np.testing.assert_array_equal(idx2numpy.convert_from_file(str(tmp_path / "file")), array)


def test_files_are_found_by_what_their_names_contain(tmp_path: Path) -> None:
    for name in (
        *("emnist-train-images.gz", "emnist-train-labels.gz", "emnist-test-images"),
        *("emnist-test-labels", "readme.txt"),
    ):
        (tmp_path / name).touch()

    assert names_in(tmp_path) == {
        "train_images": "emnist-train-images",
        "train_labels": "emnist-train-labels",
        "test_images": "emnist-test-images",
        "test_labels": "emnist-test-labels",
    }


def test_two_files_for_one_part_are_not_guessed(tmp_path: Path) -> None:
    for name in (*STANDARD.values(), "more-train-images"):
        (tmp_path / name).touch()

    assert names_in(tmp_path) is None


def test_copies_are_uncompressed(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "one.gz").write_bytes(gzip.compress(b"content", mtime=0))
    (source / "two").write_bytes(b"other")

    copy_files(FolderSource(kind="folder", path=str(source)), {"a": "one", "b": "two"}, target)

    assert (target / "one").read_bytes() == b"content"
    assert (target / "two").read_bytes() == b"other"


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx, "MAXIMUM_BYTES", 1 << 20)
    (tmp_path / "one.gz").write_bytes(gzip.compress(bytes(1 << 22), mtime=0))

    with pytest.raises(ContentError, match="expected at most 1,048,576 bytes, found more"):
        copy_files(
            FolderSource(kind="folder", path=str(tmp_path)), {"a": "one"}, tmp_path / "target"
        )

    assert not list((tmp_path / "target").iterdir())


def test_arrays_are_found_by_their_usual_names(tmp_path: Path) -> None:
    arrays = {"x_train": 1, "y_train": 2, "x_test": 3, "y_test": 4, "val_images": 5}
    np.savez(tmp_path / "a.npz", **{name: np.array([one]) for name, one in arrays.items()})  # type: ignore[arg-type]

    found = read_arrays(tmp_path / "a.npz")

    assert {name: array.tolist() for name, array in found.items()} == {
        "train_images": [1],
        "train_labels": [2],
        "test_images": [3],
        "test_labels": [4],
    }


def test_another_archive_is_no_file_of_numpy(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.npz", "w"):
        pass

    with pytest.raises(ContentError, match=r"expected a \.npz file of NumPy"):
        read_arrays(tmp_path / "a.npz")


def test_pictures_of_two_sizes_need_one(tmp_path: Path) -> None:
    for name, side in (("a", 3), ("b", 4)):
        (tmp_path / name).mkdir()
        Image.new("L", (side, 3), 9).save(tmp_path / name / "one.png")

    with pytest.raises(ContentError, match="found 3 x 3 and 3 x 4; to give all one size, add"):
        read_pictures(tmp_path, None)

    found, classes = read_pictures(tmp_path, (5, 6))
    assert found.images.tolist() == np.full((2, 5, 6), 9).tolist()
    assert (found.labels.tolist(), classes) == ([0, 1], ("a", "b"))
