"""A flow that hands a stage to a pool whose worker dies, or that has none."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import ROOT, is_gone, wait_until
from tests.pipelines.prefect_server import PYTHON, Prefect
from tests.pipelines.runs import FlowRun, on_pool, working, working_process

Start = Callable[..., FlowRun]
SetParams = Callable[..., None]


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
        lost = pool.newest("train at ")
        for killed in (*process.children(recursive=True), process):
            killed.kill()
    with working(pool, worker_clone, toy.parent):
        _, name, message = run.end()
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
        wait_until(lambda: all(is_gone(child.pid) for child in below))


@pytest.mark.slow
def test_runs_end_with_prefects_worker_that_was_killed(
    pool: Prefect, start: Start, set_params: SetParams, worker_clone: Path, tmp_path: Path
) -> None:
    set_params(seconds=600)
    with working(pool, worker_clone, tmp_path) as (process, log):
        stage = working_process(on_pool(start))
        command = ["-m", "prefect", "worker"]
        (of_prefect,) = (
            child for child in process.children(recursive=True) if child.cmdline()[1:4] == command
        )
        of_prefect.kill()
        wait_until(lambda: "the worker ended with exit code" in log.read_text())
        assert is_gone(stage)


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
