"""Fixtures that tests of several folders share."""

import atexit
import fcntl
import gzip
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.shared.artifacts import Array
from tests.helpers import ROOT
from tests.small_mnist import FOLDER, write_small_params, yaml
from tests.small_project import Project, copy_project

# Prefect needs a folder that it can write to as soon as another conftest.py imports it.
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="prefect-home-")
atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files with slow tests first, so that no worker is left with one at the end.

    Those of ``pipelines/``, which wait for Prefect, run before those that compute.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    waiting = ROOT / "tests" / "pipelines"
    items.sort(key=lambda i: (i.path not in slow, not i.path.is_relative_to(waiting)))


def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are cores: some tests wait minutes for Prefect."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def small_mnist() -> dict[str, Array]:
    """The first 600 training and 200 test images of MNIST, read by hand past their headers."""

    def payload(name: str, header: int) -> Array:
        content = gzip.decompress((FOLDER / name).read_bytes())
        return np.frombuffer(content, np.uint8, offset=header)

    return {
        "train_images": payload("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
        "train_labels": payload("train-labels-idx1-ubyte.gz", 8),
        "test_images": payload("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
        "test_labels": payload("t10k-labels-idx1-ubyte.gz", 8),
    }


@pytest.fixture
def small_arrays(tmp_path: Path, small_mnist: dict[str, Array]) -> Path:
    """A folder as ``ingest`` writes it, with the small MNIST."""
    folder = tmp_path / "arrays"
    folder.mkdir()
    for name, array in small_mnist.items():
        np.save(folder / f"{name}.npy", array)
    return folder


@pytest.fixture
def small_params(tmp_path: Path) -> Path:
    """The project's params.yaml, its data set cut to the small MNIST and its recipe to seconds."""
    path = tmp_path / "params.yaml"
    write_small_params(path)
    return path


@pytest.fixture
def edit() -> Callable[[Path, str, Any], None]:
    """Change one value of a YAML file, its place named as in ``recipes.fast.training.epochs``."""

    def edit(path: Path, place: str, value: Any) -> None:
        content = yaml.load(path)
        *sections, last = [int(name) if name.isdecimal() else name for name in place.split(".")]
        section = content
        for name in sections:
            section = section[name]
        section[last] = value
        yaml.dump(content, path)

    return edit


@pytest.fixture
def small_search(tmp_path: Path) -> Path:
    """The project's tuning/params.yaml, cut to two cells, two folds and few images."""
    path = tmp_path / "search.yaml"
    search = yaml.load(ROOT / "tuning" / "params.yaml")
    search["folds"] = 2
    search["space"] = {"training.learning_rate": [0.0001, 0.01]}
    search["learning_curve"] = {"images": [300, 100]}
    yaml.dump(search, path)
    return path


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all of xdist's workers share, for what is made once."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def finished(shared_folder: Path) -> Project:
    """The project as it stands here, run on 600 digits and committed, with nothing disturbed."""
    project = Project(shared_folder / "finished", shared_folder / "finished-site")
    with (shared_folder / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (project.folder / ".git").exists():
            copy_project(project.folder)
            project.run("git", "init", "--quiet", "--initial-branch=main")
            project.run("dvc", "repro")
            project.commit()
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished project, which must be left without leftovers."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder, tmp_path / "site")
    yield project
    assert project.leftovers() == []


@pytest.fixture
def new_project(tmp_path: Path) -> Project:
    """A copy of the project on 600 digits, with nothing that was run before."""
    project = Project(tmp_path / "project", tmp_path / "site")
    copy_project(project.folder)
    project.run("git", "init", "--quiet", "--initial-branch=main")
    return project
