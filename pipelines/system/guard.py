"""Run a command that ends with whoever started it: ``guard.py DESCRIPTOR COMMAND...``.

The descriptor is the reading end of a pipe whose other end the starter holds. When the starter
dies, even by SIGKILL, the pipe ends, and so does all that the command has started: DVC alone would
leave the stage that it runs as an orphan, and a worker of Prefect the runs that it has in process
groups of their own. The locks that the starter handed on are handed on again.

It imports nothing but the standard library, since it starts with every stage.
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
# Of Linux's prctl: a process whose parent has died becomes this one's child.
_SET_CHILD_SUBREAPER = 36
# Seconds that processes get to be gone once they are killed.
_PATIENCE = 30


def main(descriptor: str, *command: str) -> int:
    """Run the command and give its exit code, or 128 + the signal that ended it."""
    # A signal to the group is the command's to answer. Unlike "ignore", a handler is not handed on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    over = threading.Event()
    ender = threading.Thread(target=_end_with_starter, args=(int(descriptor), over), daemon=True)
    ender.start()
    code = _wait_for(subprocess.Popen(command, close_fds=False))
    if over.is_set():
        # It has killed the command, and goes on with what the command has started.
        ender.join()
    return code if code >= 0 else 128 - code


def _wait_for(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the command, and bury the orphans that end before."""
    while process.returncode is None:
        pid, status = os.wait()
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode


def _end_with_starter(descriptor: int, over: threading.Event) -> None:
    while os.read(descriptor, 1):
        pass
    over.set()
    deadline = time.monotonic() + _PATIENCE
    # What is killed may just have started something.
    while (below := _descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    os.killpg(0, signal.SIGKILL)


def _descendants(top: int) -> list[int]:
    """List the living processes below one; none where the system does not show them."""
    parents = {}
    for path in _PROCESSES.glob("[0-9]*/stat"):
        try:
            # "PID (NAME) STATE PARENT ...", where the name may have any character.
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
