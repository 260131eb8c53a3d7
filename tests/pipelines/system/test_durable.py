import os
from pathlib import Path

import pytest

from pipelines.dvc.objects import install
from pipelines.dvc.store import Removal, note_removed, removed_from
from pipelines.system import durable


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What reaches the disk, and what gets its name, in order."""
    done: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor: int) -> None:
        done.append(("flush", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        fsync(descriptor)

    def record_replace(source: Path, target: Path) -> None:
        done.append(("rename", Path(target).name))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    return done


def test_content_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, done: list[tuple[str, str]]
) -> None:
    durable.write(tmp_path / "folder" / "file", b"content")

    assert done == [("flush", ".file.part"), ("rename", "file"), ("flush", "folder")]
    assert (tmp_path / "folder" / "file").read_bytes() == b"content"
    assert len(list((tmp_path / "folder").iterdir())) == 1


def test_an_object_is_on_the_disk_before_the_cache_has_it(
    tmp_path: Path, done: list[tuple[str, str]]
) -> None:
    (tmp_path / "incoming").write_bytes(b"content")

    install(tmp_path / "incoming", tmp_path / "ab" / "cd")

    assert done == [("flush", "incoming"), ("rename", "cd"), ("flush", "ab")]


def test_the_old_file_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "file"
    durable.write(path, b"old")
    (tmp_path / ".file.part").mkdir()

    with pytest.raises(OSError, match="Is a directory"):
        durable.write(path, b"new")

    assert path.read_bytes() == b"old"


def test_names_of_removed_objects_accumulate_and_are_flushed_to_disk(
    tmp_path: Path, done: list[tuple[str, str]]
) -> None:
    one, two = Removal("b", "first"), Removal("a", "second")
    note_removed(tmp_path, [one])
    note_removed(tmp_path, [two, one])

    assert removed_from(tmp_path) == {one, two}
    assert done[:2] == [("flush", ".removed-by-gc.part"), ("rename", "removed-by-gc")]
