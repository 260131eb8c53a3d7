"""End this process when the process that started it dies.

If ``dvc`` is killed, its stage keeps running, and the next run would start a second one.
"""

import ctypes
import os
import select
import signal
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent dies; only on Linux.

    If the parent is a shell that runs one command (``sh -c COMMAND``), also end when the shell's
    parent dies.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # The parent died before the kernel was notified.
        _end()
    if _runs_one_command(parent):
        _end_with(_parent_of(parent))


def _runs_one_command(pid: int) -> bool:
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"-c" in arguments[1:-2]


def _parent_of(pid: int) -> int:
    # The fields after the name, which is in parentheses and may contain any character.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def _end_with(pid: int) -> None:
    """Kill this process when another process dies, which need not be its parent."""
    descriptor = os.pidfd_open(pid)

    def wait() -> None:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        waiting.poll()
        _end()

    threading.Thread(target=wait, daemon=True).start()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
