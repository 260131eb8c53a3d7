"""A full disk and other errors of the operating system, at every stage."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.forks import Ended, run_module
from tests.helpers import ROOT
from tests.small_project import Project, program_of, retrain

STAGES: dict[str, Any] = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
WRITERS = [name for name in STAGES if name != "collect"]
# Bytes that a file may have: enough for Python to find a folder for temporary files.
_LIMIT = 4


def run(
    project: Project,
    stage: str,
    *,
    pictures: str = "data/handwriting",
    largest_file: int | None = None,
    **variables: str,
) -> Ended:
    """Run a stage as a user would, without DVC."""
    environment = project.environment | variables
    program = program_of(stage, pictures)
    return run_module(project.folder, environment, *program, largest_file=largest_file)


def error_of(ended: Ended) -> str:
    """Give the error of a stage that has failed, which must be one sentence."""
    assert ended.code == 1, ended.output
    assert "Traceback" not in ended.output, ended.output
    error = ended.output.splitlines()[-1]
    assert error.startswith("error: expected ")
    assert error.endswith(".")
    return error


@pytest.mark.parametrize("stage", WRITERS)
def test_a_stage_that_may_not_write_fails_in_one_sentence_and_runs_again(
    project: Project, stage: str, tmp_path: Path
) -> None:
    before = project.outputs()
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    error = error_of(run(project, stage, largest_file=_LIMIT, TMPDIR=str(temporary)))

    assert "expected to write " in error
    assert "File too large; raise this shell's limit: ulimit -f unlimited" in error
    assert project.outputs() == before
    assert project.leftovers() == []

    assert run(project, stage, TMPDIR=str(temporary)).code == 0
    assert project.outputs() == before
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 40 MB."""
    disk = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs to mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture(scope="module")
def on_disk(disk: Path, finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished project on a disk of its own."""
    shutil.copytree(finished.folder, disk / "project", symlinks=True)
    return Project(disk / "project", tmp_path_factory.mktemp("site"))


def fill(disk: Path, leave: int = 0) -> None:
    """Leave so many bytes of a disk free."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - leave)
    assert shutil.disk_usage(disk).free == leave


@pytest.fixture
def full(disk: Path, on_disk: Project) -> Iterator[Project]:
    """That project, while its disk is full."""
    fill(disk)
    yield on_disk
    (disk / "filler").unlink(missing_ok=True)
    assert on_disk.leftovers() == []


@pytest.fixture
def read_only(disk: Path, on_disk: Project) -> Iterator[Project]:
    """That project, while its disk cannot be written."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    yield on_disk
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


@pytest.mark.parametrize("stage", WRITERS)
def test_a_stage_names_the_file_that_a_full_disk_has_no_space_for(
    full: Project, stage: str
) -> None:
    before = full.outputs()

    error = error_of(run(full, stage))

    assert error.startswith("error: expected to write ")
    place = error.removeprefix("error: expected to write ").partition(",")[0]
    outputs = [out["path"] for out in full.lock()[stage]["outs"]]
    assert any(place == path or place.startswith(f"{path}/") for path in outputs), error
    assert "No space left on device, 0.0 MB free at " in error
    assert error.endswith("; free space there, and run the command again.")
    assert full.outputs() == before


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_on_a_read_only_disk_fails_in_one_sentence(read_only: Project, stage: str) -> None:
    # All that collect writes is the folder of pictures.
    pictures = "data/new" if stage == "collect" else "data/handwriting"

    error = error_of(run(read_only, stage, pictures=pictures))

    assert "found: Read-only file system; mount that file system so that it can be" in error


def test_a_full_disk_for_temporary_files_is_named(full: Project, disk: Path) -> None:
    fill(disk, leave=64 << 10)

    error = error_of(run(full, "export", TMPDIR=str(disk)))

    assert f"expected to write {disk}/export-" in error
    assert "No space left on device, 0." in error


@pytest.mark.parametrize("command", [["gate"], ["gc", "--force"], ["fsck"]], ids=" ".join)
def test_a_command_on_a_full_disk_has_no_traceback(full: Project, command: list[str]) -> None:
    done = subprocess.run(
        ["python", "-m", "pipelines", *command],
        cwd=full.folder,
        env=full.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in done.stdout + done.stderr
    if done.returncode == 1:
        assert "No space left on device" in done.stderr


def test_make_repro_on_a_full_disk_continues_when_there_is_space(full: Project, disk: Path) -> None:
    """DVC truncates its own file of locks, and then reads it no more."""
    before = full.outputs()
    rwlock = full.folder / ".dvc" / "tmp" / "rwlock"
    # Written again in place, it would need no more space.
    rwlock.unlink()
    fill(disk)

    output = full.run("python", "-m", "pipelines", "repro", code=1)

    assert "Traceback" not in output
    assert output.splitlines()[-1].startswith(f"error: expected DVC to write {rwlock}, found it ")
    (disk / "filler").unlink()
    full.run("python", "-m", "pipelines", "repro")
    assert full.outputs() == before


def test_a_training_on_a_full_disk_continues_with_the_same_bytes(project: Project) -> None:
    before = project.outputs()
    retrain(project)
    path = project.folder / "dvc.yaml"
    declared = path.read_text()
    stage = "python -m stages train --params params.yaml --arrays data/arrays --indices"
    # Bytes: the weights do not fit, nor does the checkpoint.
    path.write_text(declared.replace(stage, f"prlimit --fsize=1100000 {stage}"))
    assert path.read_text() != declared

    output = project.run("dvc", "repro", "--single-item", "train", code=255)

    assert "continuing without models/checkpoints/" in output
    assert "error: expected to write models/train.safetensors, found: File too large" in output
    assert "Traceback" not in output
    path.write_text(declared)
    project.run("dvc", "repro")
    assert project.outputs() == before
