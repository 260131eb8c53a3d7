"""One run at a time in a repository, whoever started it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pipelines.errors import PipelineError

# Seconds between two looks at a lock that another run holds.
_PATIENCE = 1


class BusyError(PipelineError):
    """Another run holds the lock.

    Args:
        holder: who it is, for a person to read.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(f"{holder} is at work in this repository: this run is cancelled.")
        self.holder = holder


@contextmanager
def exclusive(
    path: Path,
    owner: str,
    when_busy: Literal["wait", "cancel"],
    say: Callable[[str], object],
) -> Iterator[int]:
    """Hold the lock while the block runs.

    The kernel keeps it as long as some process has the file open: hand the descriptor on to the
    processes that do the work, and it outlives a starter that was killed, but not them.

    Args:
        path: of the lock's file, which is made if need be, and stays.
        owner: who holds it, for a person to read.
        when_busy: wait until it is free, or give up.
        say: is told once for whom it waits.

    Yields:
        The descriptor of the locked file.

    Raises:
        BusyError: another run holds it, and ``when_busy`` is ``cancel``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        waiting = False
        while not _locked(descriptor):
            holder = _holder(descriptor)
            if when_busy == "cancel":
                raise BusyError(holder)
            if not waiting:
                say(f"waiting until {holder} has ended")
                waiting = True
            time.sleep(_PATIENCE)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{owner}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def cache_still(
    folder: Path, state: Path, owner: str, say: Callable[[str], object]
) -> Iterator[None]:
    """Have nobody write to DVC's cache while the block runs: no run, and no command of DVC.

    Args:
        folder: of the working copy.
        state: where its repository's runs keep their lock.
        owner: as of ``exclusive``.
        say: as of ``exclusive``.
    """
    # DVC's own lock is of the same kind.
    of_dvc = folder / ".dvc" / "tmp" / "lock"
    with exclusive(state / "lock", owner, "wait", say), exclusive(of_dvc, owner, "wait", say):
        yield


def held_by(path: Path) -> str | None:
    """Give the owner that holds the lock; none if it is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 1000, 0).decode(errors="replace").strip()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
