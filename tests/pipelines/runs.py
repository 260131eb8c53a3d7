"""Runs of the flow, and workers, each in a process of its own."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
from prefect.context import refresh_global_settings_context

from tests.forks import processes
from tests.helpers import PATIENCE, wait_until
from tests.pipelines.prefect_server import PYTHON, Prefect


@contextmanager
def working(
    prefect: Prefect, clone: Path, folder: Path, pool: str = "gpu"
) -> Iterator[tuple[psutil.Process, Path]]:
    """A worker at work in a clone, with a home of its own in a folder; and the log of it."""
    home = folder / "home-of-worker"
    home.mkdir(exist_ok=True)
    own = {name: value for name, value in os.environ.items() if name.startswith("GIT_")}
    environment = {
        "PATH": prefect.environment["PATH"],
        "PYTHONPATH": str(clone),
        "PREFECT_API_URL": prefect.url,
        "PREFECT_HOME": str(home / ".prefect"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "HOME": str(home),
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        "DVC_NO_ANALYTICS": "true",
        **own,
    }
    log = folder / "worker.log"
    with (
        log.open("a") as output,
        subprocess.Popen(
            [PYTHON, "-m", "pipelines", "worker", pool, "--cache-gigabytes", "1"],
            cwd=clone,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        wait_until(lambda: "started a worker for pool" in log.read_text())
        yield psutil.Process(process.pid), log
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


def working_process(run: "FlowRun") -> int:
    """The number of the process of the toy's stage train, here or on a worker beside it."""
    assert run.process.is_alive()
    return process_of_stage(run.folder.parent)


def process_of_stage(folder: Path) -> int:
    """The number of the process of the toy's stage train, at work below a folder."""

    def find() -> int | None:
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
                below = Path(process.cwd()).is_relative_to(folder)
                if below and process.cmdline()[1:] == ["train.py"]:
                    return int(process.pid)
        return None

    return int(wait_until(find))


def state_names(tasks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how each task ended, by its name."""
    return {name: task["state_name"] for name, task in tasks.items()}


def on_pool(start: Callable[..., "FlowRun"], **parameters: Any) -> "FlowRun":
    """Start a run that submits the stages that have a pool."""
    return start(train_on="pool", **{"pool_wait": 90, "pool_timeout": 240} | parameters)


Ended = tuple[str, str, str]
"""The id of a flow's run, and its state's name and message."""


class FlowRun:
    """A run of the flow in a process of its own; or several runs there, one after the other."""

    flow = "pipelines.flows.pipeline", "pipeline"
    """Module and function."""

    def __init__(
        self, prefect: Prefect, folder: Path, *several: dict[str, Any], **parameters: Any
    ) -> None:
        # The environment of this test over that of the session's server.
        own = ("GIT_", "DVC_")
        environment = prefect.environment | {
            name: value for name, value in os.environ.items() if name.startswith(own)
        }
        self.folder = folder
        output = Path(tempfile.mkdtemp(prefix="run-", dir=folder.parent))
        self.log = output / "log"
        """What it prints, as it comes."""
        self.log.touch()
        self._ends = output / "ends"
        self.process = processes.Process(
            target=_run,
            args=(self.flow, several or [parameters], folder, environment, self.log, self._ends),
        )
        self.process.start()

    def end(self) -> Ended:
        """Wait for the end, and give how it ended."""
        (ended,) = self.end_all()
        return ended

    def end_all(self) -> list[Ended]:
        """Wait for the end, and give how each run ended."""
        self.process.join(PATIENCE)
        assert self.process.exitcode == 0, self.log.read_text()
        lines = self._ends.read_text().splitlines()
        return [(str(one), str(name), str(text)) for one, name, text in map(json.loads, lines)]

    def kill(self) -> None:
        """End the process if it has not ended."""
        self.process.kill()
        self.process.join()


def _run(
    flow: tuple[str, str],
    runs: Sequence[Mapping[str, Any]],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    ends: Path,
) -> None:
    """Run a flow with each of these parameters, as a process that was started so would."""
    with log.open("ab", buffering=0) as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    refresh_global_settings_context()
    module, function = flow
    with ends.open("w") as file:
        for parameters in runs:
            state = getattr(import_module(module), function)(**parameters, return_state=True)
            ended = [str(state.state_details.flow_run_id), state.name, state.message]
            print(json.dumps(ended), file=file, flush=True)
