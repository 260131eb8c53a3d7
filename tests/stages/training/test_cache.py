import os
from pathlib import Path

import numpy as np
import pytest

from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.cache import DamagedError, digest_of, keep, kept, make_way

TENSORS = {"b": np.eye(2, dtype=np.float32), "a": np.array(0.5)}


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.safetensors"
    keep(path, TENSORS)

    found = kept(path, 1000)

    assert found is not None
    assert {name: (array.dtype, array.tolist()) for name, array in found.items()} == {
        name: (array.dtype, array.tolist()) for name, array in TENSORS.items()
    }


def test_nothing_is_kept_where_there_is_no_file(tmp_path: Path) -> None:
    assert kept(tmp_path / "file.safetensors", 1000) is None
    (tmp_path / "file").touch()
    assert kept(tmp_path / "file" / "below.safetensors", 1000) is None


@pytest.mark.parametrize(
    "other",
    [
        {"b": np.eye(2, dtype=np.float32)},
        TENSORS | {"c": np.array(0.5)},
        {"b": TENSORS["b"], "A": TENSORS["a"]},
        TENSORS | {"b": np.eye(2)},
        TENSORS | {"b": np.eye(2, dtype=np.float32).reshape(4)},
        TENSORS | {"a": np.array(np.nextafter(0.5, 1))},
        TENSORS | {"a": np.array(np.nan)},
        {"b": np.full((2, 2), 0.5, np.float32), "a": np.array(1.0)},
    ],
    ids=["missing", "more", "renamed", "dtype", "shape", "a bit", "NaN", "other bytes"],
)
def test_other_content_under_the_same_digest_is_refused(
    other: dict[str, Array], tmp_path: Path
) -> None:
    path = tmp_path / "file.safetensors"
    keep(path, TENSORS)
    _, metadata = artifacts.tensors_and_metadata(path)

    artifacts.write_tensors(path, other, metadata)

    with pytest.raises(DamagedError, match="expected content that matches its digest"):
        kept(path, 1000)
    assert digest_of(other) != digest_of(TENSORS)


def test_content_without_a_digest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    artifacts.write_tensors(path, TENSORS)

    with pytest.raises(DamagedError, match="digest"):
        kept(path, 1000)


def test_what_was_kept_under_another_name_is_refused(tmp_path: Path) -> None:
    keep(tmp_path / "one.safetensors", TENSORS)
    (tmp_path / "one.safetensors").rename(tmp_path / "other.safetensors")

    with pytest.raises(DamagedError, match="digest"):
        kept(tmp_path / "other.safetensors", 1000)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    path.touch()
    os.truncate(path, 1 << 40)

    with pytest.raises(DamagedError, match="expected at most 1000 bytes, found more"):
        kept(path, 1000)


def test_obstacles_are_moved_aside_with_what_they_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models" / "path").mkdir(parents=True)
    (tmp_path / "models" / "path" / "note").write_text("a person's")
    (tmp_path / "file").write_text("another's")
    for path in (tmp_path / "models" / "path", tmp_path / "file" / "below" / "path"):
        keep(path, TENSORS)

        assert kept(path, 1000)
        assert capsys.readouterr().err.startswith("moved ")

    (folder,) = tmp_path.glob("models/path.*.aside")
    (file,) = tmp_path.glob("file.*.aside")
    assert (folder / "path" / "note").read_text() == "a person's"
    assert (file / "file").read_text() == "another's"


def test_nothing_is_moved_where_nothing_is_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").touch()

    for path in (tmp_path / "link" / "file", tmp_path / "file", tmp_path / "new" / "file"):
        make_way(path)

    assert {path.name for path in tmp_path.iterdir()} == {"real", "link", "file"}
    assert capsys.readouterr().err == ""


def test_what_cannot_be_written_is_reported_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("/proc/nothing/file.safetensors")

    keep(path, TENSORS)

    output = capsys.readouterr().err
    assert (
        output == f"continuing without {path}, which cannot be written: No such file or directory\n"
    )
