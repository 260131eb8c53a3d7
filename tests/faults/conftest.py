"""Faults on a finished project: each test gets a copy of its own."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.project import Project
from tests.helpers import ROOT
from tests.small_mnist import write_small_params

# Made once, whichever worker comes first; its copies are cheap.
_NAME = "finished-project"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """The project as it stands here, run on 600 digits and committed, with nothing disturbed."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    project = Project(shared / _NAME, shared / f"{_NAME}-site")
    with (shared / f"{_NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (project.folder / ".git").exists():
            _copy_project(project.folder)
            project.run("git", "init", "--quiet", "--initial-branch=main")
            project.run("dvc", "repro")
            project.run("git", "add", "--all")
            project.run("git", "commit", "--quiet", "--message", "run")
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished project, which must be left without leftovers."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder, tmp_path / "site")
    yield project
    assert project.leftovers() == []


def _copy_project(folder: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        recorded = name.startswith(("reports/", "tests/")) or name.endswith("dvc.lock")
        if (ROOT / name).is_file() and not recorded:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    # Epochs enough for a test to stop the training in the middle.
    write_small_params(folder / "params.yaml", epochs=6)
