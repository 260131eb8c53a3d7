"""What runs in `make serve`, and what ends it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.helpers import PATIENCE, ROOT, free_port, is_gone, wait_until
from tests.pipelines.prefect_server import PYTHON, Prefect, copy_home
from tests.pipelines.repositories import Git, isolate, isolated, run
from tests.pipelines.runs import process_of_stage
from tests.pipelines.serve import make_project, serving

pytestmark = pytest.mark.slow

Edit = Callable[[Path, str, Any], None]
Served = tuple[Path, Prefect, "subprocess.Popen[str]"]

# Only at New Year.
NEVER = "0 0 1 1 *"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A project that is served, whose nightly run comes each minute; the server, its process."""
    root = tmp_path_factory.mktemp("served")
    with isolated(root):
        project = make_project(root / "project", "* * * * *")
        with serving(project, root / "serve.log") as (process, prefect):
            yield project, prefect, process


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose nightly run does not come."""
    isolate(monkeypatch, tmp_path)
    return make_project(tmp_path / "project", NEVER)


@pytest.fixture
def project(toy: Path, prefect_home: Path) -> Path:
    """A project that has been served before."""
    copy_home(prefect_home, toy / ".prefect")
    return toy


def serve(project: Path, port: str) -> tuple[int, str]:
    """Serve where that is rejected; give the exit code and the error."""
    done = subprocess.run(
        [PYTHON, "-m", "pipelines", "serve", "--port", port],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def all_end(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """End a server by a signal, and wait until all that it has started has ended."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    process.wait(PATIENCE)
    wait_until(lambda: all(is_gone(child.pid) for child in children))


def test_manual_run_is_committed(served: Served) -> None:
    project, prefect, _ = served
    identity = prefect.run_deployment("pipeline/run", recipe="tutorial", set_param=["epochs=3"])
    (by_hand,) = wait_until(lambda: prefect.runs(id=identity, state="Completed"))
    assert by_hand["name"] == "tutorial at main"
    commit = run(project, "git", "rev-parse", "--short=7", "main")
    report = f"runs/tutorial-{commit}-{identity[-8:]}:reports/index.html"
    assert run(project, "git", "show", report) == "tutorial 3 one"


def test_scheduled_run_works(served: Served) -> None:
    _, prefect, _ = served
    scheduled = wait_until(lambda: prefect.runs(name="fast at main", state="Completed"))
    assert scheduled[0]["auto_scheduled"]
    assert "nothing to commit" in scheduled[0]["state"]["message"]


def test_cancelled_run_ends_its_stage_and_leaves_no_worktree(served: Served) -> None:
    project, prefect, _ = served
    identity = prefect.run_deployment("pipeline/run", recipe="slow", set_param=["seconds=600"])
    (begun,) = wait_until(lambda: prefect.runs(id=identity, state="Running"))
    assert begun["name"] == "slow at main"
    stage = process_of_stage(project)
    prefect.cancel(identity)
    wait_until(lambda: is_gone(stage))
    wait_until(lambda: not list((project / ".git/pipeline/worktrees").iterdir()))
    wait_until(lambda: prefect.runs(id=identity)[0]["state_name"] == "Cancelled")


def test_nightly_run_is_skipped_while_another_one_is_active(served: Served) -> None:
    project, prefect, _ = served
    slow = {"recipe": "slower", "set_param": ["seconds=600"]}

    def state(run: str) -> Any:
        return prefect.runs(id=run)[0]["state_name"]

    def start() -> str | None:
        """Start a run, which is skipped if the one of this minute is still active."""
        run = prefect.run_deployment("pipeline/nightly", **slow)
        wait_until(lambda: state(run) in {"Running", "Cancelled"})
        return run if state(run) == "Running" else None

    active = wait_until(start)
    process_of_stage(project)
    second = prefect.run_deployment("pipeline/nightly")
    wait_until(lambda: state(second) == "Cancelled")
    assert state(active) == "Running"
    prefect.cancel(active)
    wait_until(lambda: state(active) == "Cancelled")


def test_second_server_of_a_folder_is_rejected_and_names_the_first(served: Served) -> None:
    project, prefect, process = served
    code, error = serve(project, str(free_port()))
    assert process.poll() is None
    assert code == 1
    assert error == (
        "error: expected no other server that uses the database of this folder, found one "
        f"on port {prefect.environment['PREFECT_SERVER_API_PORT']} (process {process.pid}); use "
        "that server, or stop it.\n"
    )


def test_port_in_use_is_reported_in_one_sentence(toy: Path, served: Served) -> None:
    port = served[1].environment["PREFECT_SERVER_API_PORT"]
    code, error = serve(toy, port)
    assert code == 1
    assert error == (
        f"error: expected port {port} to be free, found it in use; stop the program that uses it, "
        "or choose another port: python -m pipelines serve --port 4201.\n"
    )


def test_arrival_of_the_missing_files_starts_a_run(
    project: Path, tmp_path: Path, git: Git, small_params: Path, edit: Edit
) -> None:
    shutil.copy(small_params, project)
    (project / "reports" / "metrics.json").unlink()
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
            prefect.run_deployment("watch/every-15-minutes")
            wait_until(lambda: prefect.runs(name="data at main", state=end))

        look("Absent")
        shutil.copytree(ROOT / "tests/fixtures/mnist-small", project / downloads)
        look("Arrived")
        arrived = wait_until(
            lambda: [
                run
                for run in prefect.runs(name="fast at main", state="Completed")
                if run["created_by"]["type"] == "AUTOMATION"
            ],
        )
    assert len(arrived) == 1
    assert arrived[0]["parameters"]["ref"] == "main"
    assert "1 ran; committed to runs/fast-" in arrived[0]["state"]["message"]


def test_ctrl_c_ends_all_processes_and_sigterm_the_next_server_in_the_background(
    project: Path, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    with serving(project, log) as (process, prefect):
        prefect.run_deployment("pipeline/run", set_param=["seconds=600"])
        process_of_stage(project)
        all_end(process, signal.SIGINT)
    assert log.read_text().endswith("stopped the server and the worker\n")

    def ignore_interrupts() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with serving(project, log, preexec_fn=ignore_interrupts) as (process, prefect):
        # It continues with the database of the first.
        names = prefect.automations()
        assert names.count("Crash silent runs") == 1
        assert names.count("Run on arrival") == 1
        all_end(process, signal.SIGTERM)


@pytest.mark.parametrize("seconds", [0.2, 1, 4])
def test_ctrl_c_during_the_start_ends_everything_without_a_traceback(
    project: Path, seconds: float
) -> None:
    with subprocess.Popen(
        [PYTHON, "-m", "pipelines", "serve", "--port", str(free_port())],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        time.sleep(seconds)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in output
    wait_until(lambda: all(is_gone(child.pid) for child in children))
