"""Run programs so that none of their processes outlives the starter."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from pipelines.errors import PipelineError
from pipelines.system import guard
from pipelines.system.variables import environment_for_programs
from stages.shared.text import printable

# Seconds for processes to end by themselves; cancelling must take less than 10 in all.
_GRACE = 4


class TimedOutError(Exception):
    """The program exceeded its time limit and was ended."""


def run(
    command: Sequence[str],
    folder: Path,
    on_line: Callable[[str], object],
    timeout: float | None = None,
    locks: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a command to its end; see ``started``.

    Args:
        command: the program and its arguments.
        folder: its working directory.
        on_line: called with each line of standard output or error, as it is printed.
        timeout: seconds after which the program and everything it has started are ended.
        locks: descriptors of files that its processes keep locked as long as they live.
        environment: variables to add to those of this process.

    Returns:
        The exit code, or 128 + the signal's number if a signal ended the program.

    Raises:
        TimedOutError: the timeout has expired.
    """
    timed_out = threading.Event()
    with started(command, folder, locks, environment) as process:

        def end_late() -> None:
            timed_out.set()
            end(process)

        timer = threading.Timer(timeout or threading.TIMEOUT_MAX, end_late)
        timer.daemon = True
        timer.start()
        try:
            for line in process.stdout or ():
                on_line(line.rstrip())
            code = process.wait()
        finally:
            timer.cancel()
    if timed_out.is_set():
        raise TimedOutError
    return code


def capture(command: Sequence[str], folder: Path) -> tuple[int, str, str]:
    """Run a command to its end, and return its exit code, standard output and standard error."""
    with started(command, folder, stderr=subprocess.PIPE) as process:
        stdout_text, stderr_text = process.communicate()
    return process.returncode, stdout_text, stderr_text


def output(
    folder: Path,
    command: Sequence[str],
    name: str,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> str:
    """Run a program in a folder and return its output.

    Args:
        folder: its working directory.
        command: the program and its arguments.
        name: of the program in errors.
        environment: variables to add to those of this process.
        stdin: replaces that of this process.

    Raises:
        PipelineError: the program failed; the message has its reason.
    """
    _check(command)
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment_for_programs() | dict(environment or {}),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise PipelineError(reason_for(name, folder, done.returncode, done.stderr))
    return done.stdout.strip()


def reason_for(name: str, folder: Path, code: int, stderr_text: str) -> str:
    """Return a sentence about why a program failed."""
    reason = " ".join(stderr_text.split()) or f"exit code {code}"
    return f"{name} in {folder}: {reason}"


@contextmanager
def started(
    command: Sequence[str],
    folder: Path,
    locks: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
    stderr: int = subprocess.STDOUT,
) -> "Iterator[subprocess.Popen[str]]":
    """Start a program in its own process group, which ends with the block.

    It also ends if this process dies, by whatever means. Standard output and error are at
    ``stdout``, unless ``stderr`` is ``subprocess.PIPE``. The folder of an absolute program, or else
    of this Python, comes first in PATH. For the other arguments, see ``run``.

    Raises:
        PipelineError: an argument has a zero byte.
    """
    _check(command)
    program = Path(command[0])
    own = program.parent if program.is_absolute() else Path(sys.executable).parent
    path = f"{own}{os.pathsep}{os.environ.get('PATH', '')}"
    reading, writing = os.pipe()
    with ExitStack() as stack:
        stack.callback(os.close, writing)
        try:
            process = subprocess.Popen(
                [sys.executable, "-S", "-E", guard.__file__, str(reading), *command],
                cwd=folder,
                env=environment_for_programs()
                | {"PATH": path, "PYTHONUNBUFFERED": "1"}
                | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                errors="replace",
                start_new_session=True,
                pass_fds=(reading, *locks),
            )
        finally:
            os.close(reading)
        stack.enter_context(process)
        stack.callback(end, process)
        yield process


def _check(command: Sequence[str]) -> None:
    """Refuse arguments that no program can receive: they may be parameters of a run."""
    for argument in command:
        try:
            receivable = b"\0" not in os.fsencode(argument)
        except UnicodeEncodeError:
            receivable = False
        if not receivable:
            raise PipelineError(f"expected text without zero bytes, found {printable(argument)}.")


def end(process: "subprocess.Popen[str]", grace: float = _GRACE) -> None:
    """End a program that ``started`` yielded, and everything that it has started.

    It gets SIGINT, so that a stage can clean up. Processes that have left its group get SIGTERM.
    What still runs after ``grace`` seconds is killed.
    """
    other_groups = []
    if process.poll() is None:
        other_groups = [
            child for child in _descendants(process.pid) if _group(child) != process.pid
        ]
        _signal_group(process.pid, signal.SIGINT)
        for child in other_groups:
            with suppress(psutil.NoSuchProcess):
                child.terminate()
        _, other_groups = psutil.wait_procs(other_groups, grace)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    for child in other_groups:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _descendants(pid: int) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid).children(recursive=True)
    return found


def _group(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(process.pid)
    return None


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
