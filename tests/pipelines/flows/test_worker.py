"""A flow that hands a stage to a worker: three parties on one machine, as if on three.

The caller's clone and the worker's have caches, homes and settings of their own, and share a bare
Git repository, a folder as DVC's remote, and a server.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import is_gone
from tests.pipelines.prefect_server import PYTHON, ROOT, Prefect, wait_until
from tests.pipelines.repositories import Git, run, search
from tests.pipelines.runs import FlowRun, state_names, working, working_process

Start = Callable[..., FlowRun]
SetParams = Callable[..., None]


@pytest.fixture(scope="session")
def pool(prefect: Prefect) -> Prefect:
    """The server with the work pool and the deployment that prefect.yaml has for it."""
    for arguments in (
        ("work-pool", "create", "gpu", "--type", "process", "--overwrite"),
        ("--no-prompt", "deploy", "--name", "gpu"),
    ):
        subprocess.run(
            [PYTHON, "-m", "prefect", *arguments],
            cwd=ROOT,
            env=prefect.environment,
            check=True,
            capture_output=True,
        )
    return prefect


@pytest.fixture
def worker(pool: Prefect, worker_clone: Path, tmp_path: Path) -> Iterator[Path]:
    """A worker at work in its clone; the log of it."""
    with working(pool, worker_clone, tmp_path) as (_, log):
        yield log


def on_pool(start: Start, **parameters: Any) -> FlowRun:
    return start(train_on="pool", **{"pool_wait": 90, "pool_timeout": 240} | parameters)


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
    identity, name, message = on_pool(start).end(240)
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
    logs = wait_until(20, lambda: [line for line in pool.logs(work["id"]) if "epoch" in line])
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
    (branch,) = run(toy, "git", "ls-remote", "origin", "refs/heads/runs/*").splitlines()
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
    _, name, message = on_pool(start, ref="main", recipe="tutorial").end(240)
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
    identity, name, message = on_pool(start, file="tuning/dvc.yaml").end(240)
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
    _, name, message = on_pool(start).end(240)
    assert name == "Failed", worker.read_text()
    assert message.startswith(
        "stage train, submitted to pool gpu, ended as Failed: stage train failed"
    )
    assert "params.yaml requests a failure" in message
    assert (toy / "model.txt").read_text() == "fast 2 one\n"


@pytest.mark.usefixtures("worker")
def test_cancelling_the_run_cancels_the_workers(
    pool: Prefect, start: Start, set_params: SetParams
) -> None:
    set_params(seconds=300)
    run = on_pool(start)
    stage = working_process(run)
    run.process.terminate()
    wait_until(60, lambda: is_gone(stage))
    run.process.communicate(timeout=60)
    work = pool.newest("train at ")
    wait_until(60, lambda: pool.runs(id=work["id"])[0]["state_name"] == "Cancelled")


@pytest.mark.slow
def test_stage_of_a_killed_worker_is_submitted_again(
    pool: Prefect, start: Start, set_params: SetParams, toy: Path, worker_clone: Path
) -> None:
    subprocess.run(
        [PYTHON, "-m", "pipelines", "automations"], cwd=ROOT, env=pool.environment, check=True
    )
    set_params(epochs=3, seconds=10)
    with working(pool, worker_clone, toy.parent) as (process, log):
        run = on_pool(start, pool_wait=200)
        working_process(run)
        for killed in (*process.children(recursive=True), process):
            killed.kill()
    lost = pool.newest("train at ")
    with working(pool, worker_clone, toy.parent):
        _, name, message = run.end(400)
    assert (name, message) == ("Completed", "2 ran, 1 cached"), log.read_text()
    assert pool.runs(id=lost["id"])[0]["state_name"] == "Crashed"
    assert pool.newest("train at ")["id"] != lost["id"]
    assert (
        f"the worker's run {lost['id']} is lost: submitting the stage again" in run.log.read_text()
    )
    assert (toy / "model.txt").read_text() == "fast 3 one\n"


@pytest.mark.slow
def test_nothing_outlives_a_worker_that_was_killed(
    pool: Prefect, start: Start, set_params: SetParams, worker_clone: Path, tmp_path: Path
) -> None:
    set_params(seconds=600)
    with working(pool, worker_clone, tmp_path) as (process, log):
        stage = working_process(on_pool(start))
        below = process.children(recursive=True)
        assert stage in {child.pid for child in below}, log.read_text()
        process.kill()
        wait_until(60, lambda: all(is_gone(child.pid) for child in below))


@pytest.mark.usefixtures("worker_clone")
def test_pool_without_workers_fails_the_run_in_time(
    pool: Prefect, start: Start, set_params: SetParams
) -> None:
    set_params(epochs=3)
    _, name, message = on_pool(start, pool_wait=3).end()
    assert name == "Failed"
    assert message.startswith("expected a worker to start work/gpu within 3 s, found none free")
    work = pool.newest("train at ")
    assert work["state_name"] == "Cancelled"


@pytest.mark.usefixtures("pool", "worker_clone")
def test_pool_without_workers_runs_the_stage_here_if_requested(
    prefect: Prefect, start: Start, set_params: SetParams, toy: Path
) -> None:
    set_params(epochs=3)
    identity, name, message = on_pool(start, pool_wait=3, pool_empty="here").end()
    assert (name, message) == ("Completed", "2 ran, 1 cached")
    state = prefect.tasks(identity, "train")["train"]["state"]
    assert state["message"].startswith("ran here: expected a worker to start work/gpu within 3 s")
    assert (toy / "model.txt").read_text() == "fast 3 one\n"


@pytest.mark.usefixtures("worker_clone")
def test_pool_without_a_deployment_fails_with_one_sentence(
    start: Start, set_params: SetParams, toy: Path
) -> None:
    set_params(epochs=3)
    (toy / "dvc.yaml").write_text((toy / "dvc.yaml").read_text().replace("gpu", "tpu"))
    _, name, message = on_pool(start).end()
    assert name == "Failed"
    assert "expected a deployment work/tpu on Prefect's server, found none" in message


def test_missing_remotes_fail_the_run_with_one_sentence(
    start: Start, set_params: SetParams
) -> None:
    set_params(epochs=3)
    _, name, message = on_pool(start).end()
    assert name == "Failed"
    assert "no remote" in message
