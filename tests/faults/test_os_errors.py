"""A full disk and other errors of the operating system, at every stage."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.helpers import ROOT
from tests.small_project import Project, retrain

STAGES: dict[str, Any] = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
WRITERS = [name for name in STAGES if name != "collect"]
# Bytes that a file may have: enough for Python to find a folder for temporary files.
_LIMIT = 4


def command_of(stage: str) -> list[str]:
    return str(STAGES[stage]["cmd"]).replace("${handwriting.folder}", "data/handwriting").split()


def limit_files() -> None:
    """Refuse to make files of more than four bytes, as a full disk would."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT, hard))


def failure_of(
    project: Project, *command: str, before: Callable[[], None] | None = None, **variables: str
) -> str:
    """Run a command that must fail, and give its error, which must be one sentence."""
    done = subprocess.run(
        command,
        cwd=project.folder,
        env=project.environment | variables,
        preexec_fn=before,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    error = done.stderr.splitlines()[-1]
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

    error = failure_of(project, *command_of(stage), before=limit_files, TMPDIR=str(temporary))

    assert "expected to write " in error
    assert "File too large; raise this shell's limit: ulimit -f unlimited" in error
    assert project.outputs() == before
    assert project.leftovers() == []

    project.run(*command_of(stage), TMPDIR=str(temporary))
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

    error = failure_of(full, *command_of(stage))

    assert error.startswith("error: expected to write ")
    place = error.removeprefix("error: expected to write ").partition(",")[0]
    outputs = [out["path"] for out in full.lock()[stage]["outs"]]
    assert any(place == path or place.startswith(f"{path}/") for path in outputs), error
    assert "No space left on device, 0.0 MB free at " in error
    assert error.endswith("; free space there, and run the command again.")
    assert full.outputs() == before


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_on_a_read_only_disk_fails_in_one_sentence(read_only: Project, stage: str) -> None:
    command = [
        "data/new" if part == "data/handwriting" and stage == "collect" else part
        for part in command_of(stage)
    ]

    error = failure_of(read_only, *command)

    assert "found: Read-only file system; mount that file system so that it can be" in error


def test_a_full_disk_for_temporary_files_is_named(full: Project, disk: Path) -> None:
    fill(disk, leave=64 << 10)

    error = failure_of(full, *command_of("export"), TMPDIR=str(disk))

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
