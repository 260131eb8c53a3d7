"""Run a command that ends when its starter ends: ``guard.py DESCRIPTOR COMMAND...``.

The descriptor is the reading end of a pipe whose other end the starter holds. When the starter
dies, even by SIGKILL, the pipe closes, and this process kills everything that the command has
started. When the command ends, what it has started ends too. Without this, DVC would leave the
stage that it runs as an orphan, and a Prefect worker would leave its runs, which have their own
process groups. The command inherits the starter's locks.

It imports only the standard library, because it starts with every stage.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
# An option of Linux's prctl: orphaned descendants become children of this process.
_SET_CHILD_SUBREAPER = 36
# Seconds to wait for killed processes to be gone.
_KILL_TIMEOUT = 30
# Seconds for what a command leaves behind to end by itself.
_GRACE = 4


def main(descriptor: str, *command: str) -> int:
    """Run the command and return its exit code, or 128 + the signal that ended it."""
    # The command handles signals to the group. Children inherit "ignore", but not a handler.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    over = threading.Event()
    ender = threading.Thread(target=_end_with_starter, args=(int(descriptor), over), daemon=True)
    ender.start()
    code = _wait_for(subprocess.Popen(command, close_fds=False))
    if over.is_set():
        # The thread has killed the command; wait until it has killed its descendants too.
        ender.join()
    _end_descendants(signal.SIGTERM, _GRACE)
    _end_descendants(signal.SIGKILL, _KILL_TIMEOUT)
    return code if code >= 0 else 128 - code


def _wait_for(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the command, and reap orphans that end before it."""
    while process.returncode is None:
        pid, status = os.wait()
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode


def _end_with_starter(descriptor: int, over: threading.Event) -> None:
    while os.read(descriptor, 1):
        pass
    over.set()
    _end_descendants(signal.SIGKILL, _KILL_TIMEOUT)
    os.killpg(0, signal.SIGKILL)


def _end_descendants(number: int, timeout: float) -> None:
    """Send a signal to everything that the command has started, until it has ended."""
    deadline = time.monotonic() + timeout
    signalled: set[int] = set()
    # A process may start another one just before it ends.
    while (below := _descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in set(below) - signalled:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        signalled.update(below)
        time.sleep(0.01)


def _descendants(top: int) -> list[int]:
    """List the living processes below one; empty if the system has no /proc."""
    parents = {}
    for path in _PROCESSES.glob("[0-9]*/stat"):
        try:
            # "PID (NAME) STATE PARENT ..."; NAME may contain any character.
            state, parent = path.read_text(errors="replace").rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            parents[int(path.parent.name)] = int(parent)
    found = [top]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
