"""Faults on a finished project: each test gets a copy of its own."""

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.project import Project
from tests.project_copy import copy_project

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
            # Epochs enough for a test to stop the training in the middle.
            copy_project(project.folder, epochs=6)
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
