"""Start Prefect's own programs, and stop them together with this one."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

from pipelines import PROJECT
from pipelines.errors import PipelineError
from pipelines.system.process import run

CLONE = "PIPELINE_CLONE"
"""The variable that gives a worker's folder to prefect.yaml."""
PREFECT = (sys.executable, "-m", "prefect")

_interrupted = threading.Event()

Log = Callable[[str], object]


def interrupt_by_either_signal() -> None:
    """Make SIGTERM act like Ctrl-C, and let both work in background processes too."""
    # A script that starts this in the background ignores SIGINT, and child processes inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> None:
    _interrupted.set()
    raise KeyboardInterrupt


def prefect(*arguments: str) -> None:
    """Run a Prefect command; raise ``PipelineError`` with its output if it fails."""
    lines: list[str] = []
    # `prefect deploy` would copy the variable into the deployment, but each worker has its own.
    os.environ.pop(CLONE, None)
    if run([*PREFECT, *arguments], PROJECT, lines.append):
        raise PipelineError("\n".join([f"prefect {' '.join(arguments)} failed:", *lines[-10:]]))


def pass_on(name: str, process: "subprocess.Popen[str]", log: Log) -> None:
    """Log each line that a process prints, after the process's name, until an interrupt."""

    def read() -> None:
        for line in process.stdout or ():
            # Prefect prints tracebacks when it is interrupted during its start.
            if line.strip() and not _interrupted.is_set():
                log(f"{name} | {line.rstrip()}")

    threading.Thread(target=read, daemon=True).start()
