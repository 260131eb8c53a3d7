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
"""The variable by which prefect.yaml knows a worker's folder."""
PREFECT = (sys.executable, "-m", "prefect")

Log = Callable[[str], object]


def interrupt_by_either_signal() -> None:
    """Let SIGTERM do what Ctrl-C does, and let both work in the background too."""
    # A script that starts this in the background has SIGINT ignored, and children inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def prefect(*arguments: str) -> None:
    """Run a command of Prefect; raise ``PipelineError`` with its output if it fails."""
    lines: list[str] = []
    # What it writes into a deployment belongs to each worker.
    os.environ.pop(CLONE, None)
    if run([*PREFECT, *arguments], PROJECT, lines.append):
        raise PipelineError("\n".join([f"prefect {' '.join(arguments)} failed:", *lines[-10:]]))


def pass_on(name: str, process: "subprocess.Popen[str]", log: Log) -> None:
    """Log what a process prints, each line after its name."""

    def read() -> None:
        for line in process.stdout or ():
            if line.strip():
                log(f"{name} | {line.rstrip()}")

    threading.Thread(target=read, daemon=True).start()
