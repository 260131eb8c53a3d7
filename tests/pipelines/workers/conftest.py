"""A result of a worker, once for all tests and copied for each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.system import helper
from pipelines.workers.request import Request
from tests.pipelines import in_process
from tests.pipelines.repositories import clone_for_work, copy_toy, isolate, isolated, run
from tests.pipelines.submissions import request_and_result
from tests.pipelines.workers.scene import Scene


@pytest.fixture(scope="session")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Request]]:
    """A folder with remotes, the caller's clone, and the worker's, which has submitted honestly.

    All is relative in it, so that a copy of it is another one.
    """
    root = tmp_path_factory.mktemp("submitted")
    with isolated(root):
        caller = copy_toy(root / "caller")
        (caller / "params.yaml").write_text("recipe: fast\nepochs: 3\nseconds: 0\nfail: false\n")
        worker = clone_for_work(root, caller)
        request, result = request_and_result(caller, worker)
        run(worker, "git", "reset", "--quiet", "--hard", result)
        yield root, request


@pytest.fixture
def scene(
    submitted: tuple[Path, Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    root, request = submitted
    isolate(monkeypatch, tmp_path)
    monkeypatch.setattr(helper, "ask", in_process.ask)
    shutil.copytree(root, tmp_path / "scene", symlinks=True)
    return Scene(tmp_path / "scene", request)
