"""What follows when `make serve`, or its worker, is killed."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipelines.system.lock import held_by
from tests.helpers import is_gone, wait_until
from tests.pipelines.prefect_server import Prefect, copy_home
from tests.pipelines.repositories import isolated
from tests.pipelines.runs import process_of_stage
from tests.pipelines.serve import make_project, serving

pytestmark = pytest.mark.slow

# A server, and a run of it that has stopped sending heartbeats.
Silent = tuple[Prefect, str]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("killed")
    with isolated(root):
        yield root


def project_at(folder: Path, prefect_home: Path) -> Path:
    """Make a project that has been served before, without a nightly run."""
    project = make_project(folder, "0 0 1 1 *")
    copy_home(prefect_home, project / ".prefect")
    return project


def start_slow_run(prefect: Prefect) -> str:
    identity = prefect.run_deployment("pipeline/run", recipe="slow", set_param=["seconds=200"])
    (begun,) = wait_until(lambda: prefect.runs(id=identity, state="Running"))
    assert begun["name"] == "slow at main"
    return identity


@pytest.fixture(scope="module")
def without_worker(root: Path, prefect_home: Path) -> Iterator[Silent]:
    """A server whose worker was killed and replaced while a run was at work and another waited."""
    project, log = project_at(root / "without-worker", prefect_home), root / "worker.log"
    with serving(project, log) as (process, prefect):
        begin = time.monotonic()
        identity = start_slow_run(prefect)
        prefect.run_deployment("pipeline/run", recipe="next")
        # A worker that dies sooner is not replaced.
        time.sleep(max(0, begin + 25 - time.monotonic()))
        (worker,) = (
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if "worker" in child.cmdline() and "guard.py" not in " ".join(child.cmdline())
        )
        for killed in (worker, *worker.children(recursive=True)):
            killed.kill()
        wait_until(lambda: "starting another" in log.read_text())
        yield prefect, identity


@pytest.fixture(scope="module")
def restarted(root: Path, prefect_home: Path) -> Iterator[Silent]:
    """A server that was killed with all that it had started, and then started again."""
    project, log = project_at(root / "restarted", prefect_home), root / "restarted.log"
    with serving(project, log) as (process, prefect):
        identity = start_slow_run(prefect)
        server = psutil.Process(process.pid)
        for killed in (*server.children(recursive=True), server):
            killed.kill()
    with serving(project, log) as (_, prefect):
        prefect.run_deployment("pipeline/run", recipe="next")
        yield prefect, identity


@pytest.fixture(scope="module", autouse=True)
def begin_both(without_worker: Silent, restarted: Silent) -> None:
    """Have both wait at the same time: three heartbeats, 30 s each, must be missing."""


def check_ends_as_crashed(silent: Silent) -> None:
    prefect, identity = silent
    (crashed,) = wait_until(lambda: prefect.runs(id=identity, state="Crashed"))
    assert crashed["state"]["message"] == "its process has sent no heartbeat for too long"
    # Then the next run has its turn.
    wait_until(lambda: prefect.runs(name="next at main", state="Completed"))


def test_nothing_outlives_a_server_that_was_killed(root: Path, prefect_home: Path) -> None:
    project = project_at(root / "killed", prefect_home)
    with serving(project, root / "killed.log") as (process, prefect):
        prefect.run_deployment("pipeline/run", set_param=["seconds=600"])
        stage = process_of_stage(project)
        below = psutil.Process(process.pid).children(recursive=True)
        assert stage in {child.pid for child in below}
        process.kill()
        wait_until(lambda: all(is_gone(child.pid) for child in below))
    # So the next one may begin.
    assert held_by(project / ".prefect" / "serve.lock") is None


def test_run_of_a_killed_worker_is_marked_as_crashed(without_worker: Silent) -> None:
    check_ends_as_crashed(without_worker)


def test_run_is_marked_as_crashed_after_everything_was_killed_and_restarted(
    restarted: Silent,
) -> None:
    check_ends_as_crashed(restarted)
