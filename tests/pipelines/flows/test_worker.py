"""A flow that hands a stage to a worker: three parties on one machine, as if on three.

The caller's clone and the worker's have caches, homes and settings of their own, and share a bare
Git repository, a folder as DVC's remote, and a server. One worker serves all tests.
"""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.dvc.outputs import Output
from pipelines.flows import worker as flow
from tests.helpers import PATIENCE, is_gone, wait_until
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import Git, copy_toy_with_worker, isolate, isolated, run, search
from tests.pipelines.runs import FlowRun, on_pool, state_names, working, working_process

Start = Callable[..., FlowRun]
SetParams = Callable[..., None]


@pytest.fixture(scope="module")
def worker(pool: Prefect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The log of a worker at work in its clone, for all callers in the folders beside it."""
    root = tmp_path_factory.mktemp("with-worker")
    with isolated(root):
        _, clone = copy_toy_with_worker(root)
        with working(pool, clone, root) as (_, log):
            yield log


@pytest.fixture
def worker_clone(worker: Path) -> Path:
    return worker.parent / "worker"


@pytest.fixture
def toy(worker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A caller's clone for each test."""
    isolate(monkeypatch, tmp_path)
    folder = worker.parent / tmp_path.name
    shutil.copytree(worker.parent / "toy", folder, symlinks=True)
    return folder


@pytest.mark.core
def test_stage_with_a_pool_runs_on_the_worker_and_is_then_up_to_date(
    pool: Prefect,
    start: Start,
    set_params: SetParams,
    toy: Path,
    worker: Path,
    worker_clone: Path,
    git: Git,
) -> None:
    set_params(epochs=3)
    before = git("rev-parse", "HEAD")
    branches = set(git("ls-remote", "origin").splitlines())
    identity, name, message = on_pool(start).end()
    assert (name, message) == ("Completed", "2 ran, 1 cached"), worker.read_text()

    tasks = pool.tasks(identity, "fetch", "train", "report")
    here = {
        name: state for name, state in state_names(tasks).items() if name in {"fetch", "report"}
    }
    assert here == {"fetch": "Cached", "report": "Ran"}
    assert tasks["train"]["state_name"] == "Ran"
    assert tasks["train"]["state"]["message"].startswith("by a worker of pool gpu in ")
    assert (toy / "model.txt").read_text() == "fast 3 one\n"
    assert (toy / "reports" / "index.html").read_text() == "fast 3 one\n"
    assert run(toy, "dvc", "status") == "Data and pipelines are up to date."
    assert git("rev-parse", "HEAD") == before

    work = pool.newest("train at ")
    logs = wait_until(lambda: [line for line in pool.logs(work["id"]) if "epoch" in line])
    assert logs == ["epoch 1/3: loss 0.5", "epoch 2/3: loss 0.5", "epoch 3/3: loss 0.5"]
    assert pool.artifacts(work["id"])["train-progress"] == 100
    assert pool.description(work["id"], "train-progress") == "epoch 3/3: loss 0.5000"
    assert work["parent_task_run_id"]

    # The worker's clone is as it was, but for its cache, which has what the stage needed and made.
    assert run(worker_clone, "git", "status", "--porcelain") == ""
    assert not (worker_clone / "raw.txt").exists()
    objects = (worker_clone / ".dvc" / "cache" / "files").rglob("*")
    cached = {path.read_text() for path in objects if path.is_file()}
    assert {"one\n", "fast 3 one\n"} <= cached
    assert "fast 2 one\n" not in cached

    # Of the request nothing is left but the parent of its result.
    (branch,) = branches ^ set(git("ls-remote", "origin").splitlines())
    assert "refs/heads/runs/results/train-" in branch
    parts = pool.artifacts(identity)["seconds-of-train-on-pool-gpu"]
    assert [row["part"] for row in json.loads(parts)][-3:] == [
        "wait for a worker",
        "the worker's run",
        "verify and accept",
    ]

    # Nothing has changed since: nobody is asked.
    assert on_pool(start).end()[2] == "3 cached"


def test_run_in_a_worktree_submits_its_stage_and_ends_as_a_commit(
    start: Start, worker: Path, git: Git
) -> None:
    _, name, message = on_pool(start, ref="main", recipe="tutorial").end()
    assert name == "Completed", worker.read_text()
    assert "2 ran, 1 restored; committed to runs/tutorial-" in message
    branch = message.split()[-1]
    assert git("show", f"{branch}:reports/index.html") == "tutorial 2 one"
    assert git("status", "--porcelain") == ""


def test_stage_of_another_file_is_submitted(
    pool: Prefect, start: Start, toy: Path, git: Git, worker: Path
) -> None:
    search(toy)
    git("add", "--all")
    identity, name, message = on_pool(start, file="tuning/dvc.yaml").end()
    assert message == "1 ran, 1 cached", worker.read_text()
    assert name == "Completed"
    assert pool.tasks(identity, "tune")["tune"]["state"]["message"].startswith("by a worker of")
    assert (toy / "reports" / "tuning.csv").read_text() == "one\n"
    assert (toy / "tuning" / "dvc.lock").exists()
    assert run(toy, "dvc", "status") == "Data and pipelines are up to date."


def test_failure_on_the_worker_fails_the_run_with_its_reason(
    start: Start, set_params: SetParams, toy: Path, worker: Path
) -> None:
    set_params(fail=True)
    _, name, message = on_pool(start).end()
    assert name == "Failed", worker.read_text()
    assert message.startswith(
        "stage train, submitted to pool gpu, ended as Failed: stage train failed"
    )
    assert "params.yaml requests a failure" in message
    assert (toy / "model.txt").read_text() == "fast 2 one\n"


def test_cancelling_the_run_cancels_the_workers(
    pool: Prefect, start: Start, set_params: SetParams
) -> None:
    set_params(seconds=300)
    run = on_pool(start)
    stage = working_process(run)
    run.process.terminate()
    wait_until(lambda: is_gone(stage))
    run.process.join(PATIENCE)
    work = pool.newest("train at ")
    wait_until(lambda: pool.runs(id=work["id"])[0]["state_name"] == "Cancelled")


def test_full_cache_after_the_push_is_only_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flow, "get_run_logger", lambda: logging.getLogger("test"))

    flow.keep_cache(tmp_path, 1, [Output(path="data", md5=f"{'0' * 32}.dir", size=1)])

    assert "within its budget: expected the object" in caplog.text
