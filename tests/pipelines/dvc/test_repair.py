import os
from pathlib import Path

import pytest

from pipelines.dvc.inventory import Need
from pipelines.dvc.objects import object_path
from pipelines.dvc.outputs import measure
from pipelines.dvc.repair import (
    changed_outputs,
    copies_in,
    damaged_objects,
    make_dvc_rehash,
    recorded_outputs,
)
from pipelines.errors import PipelineError
from tests.helpers import md5

CONTENTS = {"a": b"1", "below/b": b"22"}
FOLDER = measure("many", CONTENTS)
FILE = measure("one", {"": b"333"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working copy that has what its lock records."""
    outs = "".join(
        f"      - {{path: {out.path}, md5: {out.md5}, size: {out.size}}}\n"
        for out in (FOLDER, FILE)
    )
    (tmp_path / "dvc.lock").write_text(f"stages:\n  make:\n    cmd: make\n    outs:\n{outs}")
    (tmp_path / "many" / "below").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (tmp_path / "many" / name).write_bytes(content)
    (tmp_path / "one").write_bytes(b"333")
    return tmp_path


def changed(folder: Path) -> list[Need]:
    return changed_outputs(folder, recorded_outputs(folder))


def paths(folder: Path) -> list[str]:
    return [need.path for need in changed(folder)]


def test_unchanged_outputs_are_not_listed(folder: Path) -> None:
    assert paths(folder) == []


def test_changed_content_with_the_same_time_and_size_is_listed(folder: Path) -> None:
    status = (folder / "one").stat()
    (folder / "one").write_bytes(b"334")
    os.utime(folder / "one", ns=(status.st_atime_ns, status.st_mtime_ns))

    assert paths(folder) == ["one"]


def test_folder_with_an_added_or_removed_file_is_listed(folder: Path) -> None:
    (folder / "many" / "c").touch()
    assert paths(folder) == ["many"]
    (folder / "many" / "c").unlink()
    (folder / "many" / "a").unlink()
    assert paths(folder) == ["many"]


def test_missing_outputs_are_listed(folder: Path) -> None:
    (folder / "one").unlink()

    assert paths(folder) == ["one"]


@pytest.mark.parametrize("content", ["stages: [", "stages: {make: {outs: [1]}}", "<<<<<<< HEAD\n"])
def test_lock_that_dvc_did_not_write_is_rejected(folder: Path, content: str) -> None:
    (folder / "dvc.lock").write_text(content)

    with pytest.raises(PipelineError, match=r"dvc\.lock"):
        paths(folder)


def test_new_modification_times_make_dvc_rehash_the_same_content(folder: Path) -> None:
    for name in ("one", "many/a"):
        os.utime(folder / name, (0, 0))
    (folder / "one").write_bytes(b"334")
    (folder / "many" / "below" / "b").write_bytes(b"23")
    os.utime(folder / "one", (0, 0))

    make_dvc_rehash(folder, changed(folder))

    assert (folder / "one").read_bytes() == b"334"
    assert all((folder / name).stat().st_mtime > 0 for name in ("one", "many/a"))


def test_objects_whose_content_does_not_match_their_name_are_damaged(folder: Path) -> None:
    cache = folder / "cache"
    for output, content in ((FILE, b"333"), (FOLDER, b"[]")):
        place = object_path(cache, output.md5)
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
    needs = recorded_outputs(folder)

    assert [need.path for need in damaged_objects(cache, needs)] == ["many"]
    object_path(cache, FILE.md5).write_bytes(b"334")
    assert [need.path for need in damaged_objects(cache, needs)] == ["many", "one"]
    object_path(cache, FILE.md5).unlink()
    assert [need.path for need in damaged_objects(cache, needs)] == ["many"]


def test_files_of_outputs_are_found_by_their_content(folder: Path) -> None:
    found = copies_in(folder, recorded_outputs(folder))

    assert {md5(b"333"): folder / "one", md5(b"1"): folder / "many" / "a"}.items() <= found.items()
    assert len(found) == 3
