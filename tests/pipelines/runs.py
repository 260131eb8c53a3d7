"""Runs of the flow, and workers, each in a process of its own."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.pipelines.prefect_server import PYTHON, Prefect, wait_until


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
        wait_until(60, lambda: "started a worker for pool" in log.read_text())
        yield psutil.Process(process.pid), log
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def working_process(run: "FlowRun") -> int:
    """The number of the process of the toy's stage train, here or on a worker beside it."""
    assert run.process.poll() is None
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

    return int(wait_until(120, find))


def state_names(tasks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how each task ended, by its name."""
    return {name: task["state_name"] for name, task in tasks.items()}


def on_pool(start: Callable[..., "FlowRun"], **parameters: Any) -> "FlowRun":
    """Start a run that submits the stages that have a pool."""
    return start(train_on="pool", **{"pool_wait": 90, "pool_timeout": 240} | parameters)


Ended = tuple[str, str, str]
"""The id of a flow's run, and its state's name and message."""

_RUN = """
import json, sys
from importlib import import_module
module, function, *runs = sys.argv[1:]
flow = getattr(import_module(module), function)
for parameters in runs:
    state = flow(**json.loads(parameters), return_state=True)
    print(json.dumps([str(state.state_details.flow_run_id), state.name, state.message]))
"""


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
        descriptor, name = tempfile.mkstemp(".log", "run-", folder.parent)
        self.log = Path(name)
        """What it prints on standard error, as it comes."""
        self.process = subprocess.Popen(
            [PYTHON, "-c", _RUN, *self.flow, *map(json.dumps, several or [parameters])],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=descriptor,
            text=True,
        )
        os.close(descriptor)

    def end(self, seconds: float = 120) -> Ended:
        """Wait for the end, and give how it ended."""
        (ended,) = self.end_all(seconds)
        return ended

    def end_all(self, seconds: float = 120) -> list[Ended]:
        """Wait for the end, and give how each run ended."""
        out, _ = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, self.log.read_text()
        lines = [line for line in out.splitlines() if line.startswith('["')]
        return [(str(one), str(name), str(text)) for one, name, text in map(json.loads, lines)]
