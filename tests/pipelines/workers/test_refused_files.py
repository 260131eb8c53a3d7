"""Results whose commit has files that are refused: their names, modes, kinds or sizes."""

from pathlib import Path

import pytest

from pipelines.errors import PipelineError, RecordError
from pipelines.workers.schema import MOST_FILES
from tests.pipelines.repositories import run
from tests.pipelines.workers.scene import METRICS, Scene

pytestmark = pytest.mark.slow

PROVENANCE = "models/provenance.json"


@pytest.mark.parametrize(
    "path", ["train.py", "params.yaml", "reports/more.json", "reports/metrics.json.old", "a\nb"]
)
def test_file_that_is_not_an_output_is_rejected(scene: Scene, path: str) -> None:
    (scene.worker / path).write_text("extra\n")
    scene.answer_again()
    name = path.replace("\n", r"\\n")
    scene.check_refused(RecordError, f"expected changes only of .*, found one of {name}")


def test_removed_file_that_is_not_an_output_is_rejected(scene: Scene) -> None:
    (scene.worker / "train.py").unlink()
    scene.answer_again()
    scene.check_refused(RecordError, "expected changes only of .*, found one of train.py")


def test_file_that_is_not_an_output_and_not_utf_8_is_rejected(scene: Scene) -> None:
    Path(bytes(scene.worker / "a").decode() + "\udcff").write_text("extra\n")
    scene.answer_again()
    scene.check_refused(RecordError, r"expected changes only of .*, found one of a\\udcff")


@pytest.mark.parametrize("path", ["dvc.lock", PROVENANCE, METRICS])
@pytest.mark.parametrize("mode", ["100755", "120000", "160000"])
def test_other_mode_than_that_of_a_file_is_rejected(scene: Scene, path: str, mode: str) -> None:
    found = "HEAD" if mode == "160000" else f"HEAD:{path}"
    entry = f"{mode},{run(scene.worker, 'git', 'rev-parse', found)},{path}"
    run(scene.worker, "git", "update-index", "--cacheinfo", entry)
    scene.commit_index()
    scene.check_refused(
        RecordError, f"expected {path} to be a file of Git's mode 100644, found {mode}"
    )


@pytest.mark.parametrize("path", ["dvc.lock", PROVENANCE, METRICS])
def test_missing_file_is_rejected(scene: Scene, path: str) -> None:
    run(scene.worker, "git", "rm", "--quiet", path)
    scene.commit_index()
    scene.check_refused(RecordError, f"expected {path} to be a file, found none")


@pytest.mark.parametrize("path", ["dvc.lock", PROVENANCE])
def test_folder_in_place_of_a_file_is_rejected(scene: Scene, path: str) -> None:
    (scene.worker / path).unlink()
    (scene.worker / path).mkdir()
    (scene.worker / path / "a").write_text("{}\n")
    scene.answer_again()
    scene.check_refused(RecordError, f"expected changes only of .*, found one of {path}/a")


def test_folder_in_place_of_an_output_that_was_a_file_is_rejected(scene: Scene) -> None:
    request = scene.request
    scene.answer_with_folder({"a.json": b"{}\n"})
    scene.request = request
    scene.check_refused(RecordError, f"expected {METRICS} to be a file, found a folder")


def test_record_of_a_folder_in_place_of_a_file_is_rejected(scene: Scene) -> None:
    request = scene.request
    scene.answer_with_list(b"[]")
    scene.request = request
    scene.check_refused(RecordError, "expected model.txt to be a file, found a folder")


def test_output_in_git_that_is_larger_than_recorded_is_not_read(scene: Scene) -> None:
    (scene.worker / METRICS).write_bytes(bytes(100_000))
    scene.answer_again()
    scene.check_refused(RecordError, r"metrics.json to have at most \d\d bytes, found 100000; it")


def test_folder_that_is_larger_than_recorded_is_not_read(scene: Scene) -> None:
    scene.answer_with_folder({"a": b"1", "b": b"2"})
    (scene.worker / METRICS / "b").write_bytes(bytes(100_000))
    scene.answer_again()
    scene.check_refused(RecordError, r"metrics.json to have at most 2 bytes, found 100001; it")


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, "100644") for name in (b".git", b".GIT", b"..", b".", b"a/b")),
        *((name, "100644") for name in (b"a\xff", b"a\nb", b"\x1b[2J", b"a" * 256)),
        *((b"a", mode) for mode in ("100755", "120000", "160000", "0100644", "644")),
    ],
)
def test_file_that_cannot_be_in_a_folder_is_rejected(scene: Scene, name: bytes, mode: str) -> None:
    scene.answer_with_tree((mode, name, scene.blob(b"")))
    scene.check_refused(PipelineError, "fsck error|expected files within|of Git's mode 100644, fo")


def test_git_repository_in_a_folder_is_rejected(scene: Scene) -> None:
    hooks = scene.tree(("100644", b"post-checkout", scene.blob(b"#!/bin/sh\n")))
    scene.answer_with_tree(("40000", b".git", scene.tree(("40000", b"hooks", hooks))))
    scene.check_refused(PipelineError, "hasDotgit")


@pytest.mark.parametrize("other", ["100644", "40000"])
def test_name_that_occurs_twice_in_a_folder_is_rejected(scene: Scene, other: str) -> None:
    blob = scene.blob(b"")
    twin = blob if other == "100644" else scene.tree(("100644", b"b", blob))
    scene.answer_with_tree(("100644", b"a", blob), (other, b"a", twin))
    scene.check_refused(PipelineError, "duplicateEntries")


def test_few_trees_that_stand_for_billions_of_files_are_not_listed(scene: Scene) -> None:
    tree = scene.tree(("100644", b"a" * 200, scene.blob(b"")))
    for _ in range(10):
        tree = scene.tree(*(("40000", bytes([ord("a") + n]), tree) for n in range(10)))
    scene.answer_with_tree(("40000", b"a", tree))
    scene.check_refused(RecordError, "to have at most 41[0-9]{5} bytes, found more; they were not")


def test_folder_of_too_many_files_is_rejected(scene: Scene) -> None:
    blob = scene.blob(b"")
    names = sorted(f"{n}".encode() for n in range(MOST_FILES + 1))
    scene.answer_with_tree(*(("100644", name, blob) for name in names))
    scene.check_refused(RecordError, "expected at most 10000 files in reports/metrics.json, found")
