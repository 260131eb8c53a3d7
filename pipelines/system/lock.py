"""Ensure that only one run at a time works in a repository, whoever started it."""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pipelines.errors import PipelineError

# Seconds between two attempts to take a lock that another run holds.
_RETRY_DELAY = 1


class BusyError(PipelineError):
    """Another run holds the lock.

    Args:
        holder: the run, as text for the user.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"expected no other run in this repository, found {holder}; this run is cancelled."
        )
        self.holder = holder


@contextmanager
def exclusive(
    path: Path,
    owner: str,
    when_busy: Literal["wait", "cancel"],
    log: Callable[[str], object],
) -> Iterator[int]:
    """Hold the lock while the block runs.

    The kernel keeps the lock as long as a process has the file open. Pass the descriptor to the
    processes that do the work: the lock then lasts until they end, even if the starter is killed.

    Args:
        path: of the lock's file, which is created if necessary, and stays.
        owner: the holder, as text for the user.
        when_busy: wait until the lock is free, or give up.
        log: called once with a line if it has to wait.

    Yields:
        The descriptor of the locked file.

    Raises:
        BusyError: another run holds the lock, and ``when_busy`` is ``cancel``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _open(path)
    try:
        waiting = False
        while not _locked(descriptor):
            holder = _holder(descriptor)
            if when_busy == "cancel":
                raise BusyError(holder)
            if not waiting:
                log(f"waiting for {holder} to end")
                waiting = True
            time.sleep(_RETRY_DELAY)
        os.ftruncate(descriptor, 0)
        # On a full disk the lock holds, without the name of its holder.
        with suppress(OSError):
            os.pwrite(descriptor, f"{owner}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def held_by(path: Path) -> str | None:
    """Return the owner that holds the lock, or ``None`` if it is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    """Open a file to lock, and create it, for the group too if the folder is the group's."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        if path.parent.stat().st_mode & stat.S_IWGRP:
            os.fchmod(descriptor, 0o664)
        return descriptor


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 1000, 0).decode(errors="replace").strip() or "another one"


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
