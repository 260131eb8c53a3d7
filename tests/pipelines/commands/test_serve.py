"""Server, worker and deployments together, as `make serve` starts them, on the toy pipeline."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines.system.lock import held_by
from tests.helpers import is_gone
from tests.pipelines.prefect_server import PYTHON, ROOT, Prefect, free_port, wait_until
from tests.pipelines.repositories import Git
from tests.pipelines.runs import process_of_stage

pytestmark = pytest.mark.slow

Edit = Callable[[Path, str, Any], None]


@pytest.fixture
def project(toy: Path, git: Git, edit: Edit) -> Path:
    """The toy with this project's flow, whose nightly run comes each minute."""
    for package in ("pipelines", "stages"):
        shutil.copytree(ROOT / package, toy / package)
    shutil.copy(ROOT / "prefect.yaml", toy)
    (toy / ".gitignore").write_text("/raw.txt\n/model.txt\n/.prefect/\n__pycache__/\n")
    nightly = "deployments.1.schedules.0.cron"
    edit(toy / "prefect.yaml", nightly, "* * * * *")
    git("add", "--all")
    git("commit", "--quiet", "-m", "Have a flow")
    return toy


@contextmanager
def serving(
    project: Path, log: Path, **options: Any
) -> Iterator[tuple[subprocess.Popen[str], Prefect]]:
    port = free_port()
    prefect = Prefect(port, project / ".prefect")
    own = ("GIT_", "DVC_")
    environment = prefect.environment | {
        "PYTHONPATH": str(project),
        **{name: value for name, value in os.environ.items() if name.startswith(own)},
    }
    with (
        log.open("a") as output,
        subprocess.Popen(
            [PYTHON, "-m", "pipelines", "serve", "--port", str(port)],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        ) as process,
    ):
        try:
            wait_until(180, lambda: "Prefect's UI: " in log.read_text() or process.poll())
            assert process.poll() is None, log.read_text()
            yield process, prefect
        finally:
            process.kill()


def prefect_cli(prefect: Prefect, project: Path, *arguments: str) -> str:
    return subprocess.run(
        [PYTHON, "-m", "prefect", *arguments],
        cwd=project,
        env=prefect.environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_scheduled_and_manual_runs_work_and_all_processes_end(
    project: Path, tmp_path: Path, git: Git
) -> None:
    log = tmp_path / "serve.log"
    with serving(project, log) as (process, prefect):
        prefect_cli(
            prefect, project, "deployment", "run", "pipeline/run", "-p", "recipe=tutorial",
            "-p", 'set_param=["epochs=3"]',
        )  # fmt: skip
        (by_hand,) = wait_until(
            120, lambda: prefect.runs(name="tutorial at main", state="Completed")
        )
        branch = f"runs/tutorial-{git('rev-parse', '--short=7', 'main')}-{by_hand['id'][-8:]}"
        assert git("show", f"{branch}:reports/index.html") == "tutorial 3 one"

        scheduled = wait_until(120, lambda: prefect.runs(name="fast at main", state="Completed"))
        assert scheduled[0]["auto_scheduled"]
        assert "nothing to commit" in scheduled[0]["state"]["message"]

        prefect_cli(
            prefect, project, "deployment", "run", "pipeline/run", "-p", "recipe=slow",
            "-p", 'set_param=["seconds=600"]',
        )  # fmt: skip
        (run,) = wait_until(120, lambda: prefect.runs(name="slow at main", state="Running"))
        stage = process_of_stage(project)
        prefect_cli(prefect, project, "flow-run", "cancel", run["id"])
        wait_until(60, lambda: is_gone(stage))
        wait_until(60, lambda: not list((project / ".git/pipeline/worktrees").iterdir()))
        wait_until(60, lambda: prefect.runs(id=run["id"])[0]["state_name"] == "Cancelled")

        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        process.wait(30)
        wait_until(5, lambda: all(is_gone(child.pid) for child in children))
    assert log.read_text().endswith("stopped the server and the worker\n")


def test_arrival_of_the_missing_files_starts_a_run(
    project: Path, tmp_path: Path, git: Git, small_params: Path, edit: Edit
) -> None:
    shutil.copy(small_params, project)
    (project / "reports" / "metrics.json").unlink()
    # So that no run of the schedule comes first.
    edit(project / "prefect.yaml", "deployments.1.schedules.0.cron", "0 0 1 1 *")
    downloads = "data/downloads/mnist"
    edit(
        project / "params.yaml",
        "datasets.mnist.sources",
        [{"kind": "folder", "path": downloads}],
    )
    command = "python -m stages fetch --params params.yaml --raw data/raw"
    stage = {"cmd": command, "params": ["datasets.mnist"], "outs": ["data/raw"]}
    edit(project / "dvc.yaml", "stages", {"fetch": stage})
    with (project / ".gitignore").open("a") as ignored:
        ignored.write("/data/\n")
    git("add", "--all")
    git("commit", "--quiet", "-m", "Fetch MNIST")

    with serving(project, tmp_path / "serve.log") as (_, prefect):

        def look(end: str) -> None:
            prefect_cli(prefect, project, "deployment", "run", "watch/every-15-minutes")
            wait_until(120, lambda: prefect.runs(name="data at main", state=end))

        look("Absent")
        shutil.copytree(ROOT / "tests/fixtures/mnist-small", project / downloads)
        look("Arrived")
        arrived = wait_until(
            120,
            lambda: [
                run
                for run in prefect.runs(name="fast at main", state="Completed")
                if run["created_by"]["type"] == "AUTOMATION"
            ],
        )
    assert len(arrived) == 1
    assert arrived[0]["parameters"]["ref"] == "main"
    assert "1 ran; committed to runs/fast-" in arrived[0]["state"]["message"]


def test_restart_continues_and_sigterm_ends_it_in_the_background(
    project: Path, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    with serving(project, log) as (process, _):
        process.send_signal(signal.SIGINT)
        process.wait(30)
    log.write_text("")

    def ignore_interrupts() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with serving(project, log, preexec_fn=ignore_interrupts) as (process, prefect):
        names = prefect_cli(prefect, project, "automation", "ls")
        assert names.count("Crash silent") == 1
        assert names.count("Run on") == 1
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        wait_until(5, lambda: all(is_gone(child.pid) for child in children))


def test_killed_worker_is_replaced_and_its_run_is_marked_as_crashed(
    project: Path, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    with serving(project, log) as (process, prefect):
        time.sleep(25)  # A worker that dies sooner is not replaced.
        by_hand = ("deployment", "run", "pipeline/run", "-p")
        prefect_cli(prefect, project, *by_hand, "recipe=slow", "-p", 'set_param=["seconds=200"]')
        (run,) = wait_until(120, lambda: prefect.runs(name="slow at main", state="Running"))
        prefect_cli(prefect, project, *by_hand, "recipe=next")
        (worker,) = (
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if "worker" in child.cmdline() and "guard.py" not in " ".join(child.cmdline())
        )
        for killed in (worker, *worker.children(recursive=True)):
            killed.kill()
        wait_until(30, lambda: "starting another" in log.read_text())

        # Three heartbeats, 30 s each, must be missing; then the next run has its turn.
        (crashed,) = wait_until(180, lambda: prefect.runs(id=run["id"], state="Crashed"))
        assert crashed["state"]["message"] == "its process has sent no heartbeat for too long"
        wait_until(120, lambda: prefect.runs(name="next at main", state="Completed"))


def test_run_is_marked_as_crashed_after_everything_was_killed_and_restarted(
    project: Path, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    by_hand = ("deployment", "run", "pipeline/run", "-p")
    with serving(project, log) as (process, prefect):
        prefect_cli(prefect, project, *by_hand, "recipe=slow", "-p", 'set_param=["seconds=200"]')
        (run,) = wait_until(120, lambda: prefect.runs(name="slow at main", state="Running"))
        server = psutil.Process(process.pid)
        for killed in (*server.children(recursive=True), server):
            killed.kill()
    log.write_text("")

    with serving(project, log) as (_, prefect):
        prefect_cli(prefect, project, *by_hand, "recipe=next")
        (crashed,) = wait_until(180, lambda: prefect.runs(id=run["id"], state="Crashed"))
        assert crashed["state"]["message"] == "its process has sent no heartbeat for too long"
        wait_until(120, lambda: prefect.runs(name="next at main", state="Completed"))


def test_nothing_outlives_a_server_that_was_killed(project: Path, tmp_path: Path) -> None:
    with serving(project, tmp_path / "serve.log") as (process, prefect):
        by_hand = ("deployment", "run", "pipeline/run", "-p", 'set_param=["seconds=600"]')
        prefect_cli(prefect, project, *by_hand)
        stage = process_of_stage(project)
        below = psutil.Process(process.pid).children(recursive=True)
        assert stage in {child.pid for child in below}
        process.kill()
        wait_until(60, lambda: all(is_gone(child.pid) for child in below))
    # So the next one may begin.
    assert held_by(project / ".prefect" / "serve.lock") is None


def test_second_server_of_a_folder_is_rejected_and_names_the_first(
    project: Path, tmp_path: Path
) -> None:
    with serving(project, tmp_path / "serve.log") as (process, prefect):
        done = subprocess.run(
            [PYTHON, "-m", "pipelines", "serve", "--port", str(free_port())],
            cwd=project,
            env=prefect.environment | {"PYTHONPATH": str(project)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert process.poll() is None
    assert done.returncode == 1
    assert done.stderr == (
        "error: expected no other server that uses the database of this folder, found one "
        f"on port {prefect.environment['PREFECT_SERVER_API_PORT']} (process {process.pid}); use "
        "that server, or stop it.\n"
    )


def test_port_in_use_is_reported_in_one_sentence(project: Path, prefect: Prefect) -> None:
    port = prefect.environment["PREFECT_SERVER_API_PORT"]
    done = subprocess.run(
        [PYTHON, "-m", "pipelines", "serve", "--port", port],
        cwd=project,
        env=prefect.environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: expected port {port} to be free, found it in use; stop the program that uses it, "
        "or choose another port: python -m pipelines serve --port 4201.\n"
    )
