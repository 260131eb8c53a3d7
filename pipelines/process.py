"""Run a program, line by line, so that nothing of it outlives its run."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pipelines import guard

# Seconds that processes get to end by themselves; cancelling must take less than 10 in all.
_GRACE = 4


class TimedOutError(Exception):
    """The program took longer than it may, and was ended."""


def run(
    command: Sequence[str],
    folder: Path,
    on_line: Callable[[str], object],
    timeout: float | None = None,
    held: Sequence[int] = (),
) -> int:
    """Run a command in a process group of its own, which ends when this function does.

    Args:
        command: the program and its arguments.
        folder: to run it in.
        on_line: is told each line that it prints on standard output or error, as it comes.
        timeout: seconds after which the whole group is ended.
        held: descriptors of files that the group shall keep locked as long as it lives.

    Returns:
        The exit code; of a program that a signal ended, 128 + the signal's number.

    Raises:
        TimedOutError: the timeout is over.
    """
    reading, writing = os.pipe()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    process = subprocess.Popen(
        [sys.executable, "-S", "-E", guard.__file__, str(reading), *command],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=(reading, *held),
    )
    os.close(reading)
    timed_out = threading.Event()

    def end_late() -> None:
        timed_out.set()
        _end(process)

    timer = threading.Timer(timeout or threading.TIMEOUT_MAX, end_late)
    timer.daemon = True
    timer.start()
    try:
        for line in process.stdout or ():
            on_line(line.rstrip())
        code = process.wait()
    finally:
        timer.cancel()
        _end(process)
        os.close(writing)
    if timed_out.is_set():
        raise TimedOutError
    return code


def _end(process: "subprocess.Popen[str]") -> None:
    """Interrupt the group, which lets a stage clean up, and kill what is left of it."""
    if process.poll() is None:
        _signal_group(process, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
