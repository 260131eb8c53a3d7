"""What tests of the flow start from."""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.helpers import ROOT, free_port
from tests.pipelines.prefect_server import Prefect, copy_home, running
from tests.pipelines.promoting import commit
from tests.pipelines.repositories import (
    Git,
    copy_toy,
    copy_toy_with_worker,
    isolate,
    isolated,
    make_gated,
    run,
)
from tests.pipelines.runs import FlowRun

_yaml = YAML()

# A script that runs the tests in the background has SIGINT ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder that start Prefect's server as slow."""
    for item in items:
        below = item.path.is_relative_to(Path(__file__).parent)
        if below and isinstance(item, pytest.Function) and "prefect" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def prefect_home(shared_folder: Path) -> Path:
    """A home that a server has set up, to copy; one for all of xdist's workers."""
    home = shared_folder / "prefect-home"
    with (shared_folder / "prefect-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            first = shared_folder / "prefect-home-first"
            with running(Prefect(free_port(), first)):
                pass
            first.rename(home)
    return home


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Iterator[Prefect]:
    """A server on loopback."""
    home = tmp_path_factory.mktemp("prefect")
    copy_home(prefect_home, home)
    server = Prefect(free_port(), home)
    with running(server):
        yield server


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy pipeline as a Git and DVC repository, committed after its first run."""
    isolate(monkeypatch, tmp_path)
    return copy_toy(tmp_path / "toy")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte and a half."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a pipeline whose results a gate can check, which has not been run."""
    isolate(monkeypatch, tmp_path)
    return make_gated(tmp_path / "gated")


@pytest.fixture
def git(toy: Path) -> Git:
    """Run Git in the toy's folder, and give what it prints."""
    return partial(run, toy, "git")


@pytest.fixture
def set_params(toy: Path) -> Callable[..., None]:
    """Change values of the toy's params.yaml."""

    def change(**values: Any) -> None:
        params = _yaml.load(toy / "params.yaml") | values
        _yaml.dump(params, toy / "params.yaml")

    return change


@pytest.fixture
def worker_clone(toy: Path) -> Path:
    """The worker's clone of the toy, which then has this project's flows and remotes."""
    shutil.rmtree(toy)
    _, worker = copy_toy_with_worker(toy.parent)
    return worker


@pytest.fixture
def start(prefect: Prefect, toy: Path) -> Iterator[Callable[..., FlowRun]]:
    """Start the flow on the toy, with these parameters."""
    runs: list[FlowRun] = []

    def start(**parameters: Any) -> FlowRun:
        runs.append(FlowRun(prefect, toy, **parameters))
        return runs[-1]

    yield start
    for begun in runs:
        begun.kill()


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What is copied for each test."""
    root = tmp_path_factory.mktemp("committed")
    with isolated(root):
        folder = make_gated(root / "gated")
        commit(folder, 50)
        yield folder


@pytest.fixture
def promotable(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose model is committed, with its gate report; a copy for each test."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copytree(committed, tmp_path / "gated", symlinks=True)
    return tmp_path / "gated"
