"""Allow only one process of a stage at a time to write its outputs."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.shared.errors import UserError
from stages.shared.os_errors import writing

_FOLDER = Path(".dvc", "tmp", "stages")
# Seconds; by then, a process that was killed with its parent is gone.
_PATIENCE = 10
# Seconds between two tries.
_PAUSE = 0.05


class BusyError(UserError):
    """Another process of the same stage is running."""


@contextmanager
def locked(stage: str, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold the lock of a stage while the block runs.

    The kernel releases it when the process ends, for whatever reason.

    Args:
        stage: of the project in the working directory.
        patience: seconds to wait for another process.

    Raises:
        BusyError: another process still holds the lock after that time.
    """
    path = lock_path(stage)
    with writing(path):
        descriptor = _acquire(path, stage, time.monotonic() + patience)
    try:
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def lock_path(stage: str) -> Path:
    """Return where the lock of a stage is while it runs, and after it was killed."""
    return _FOLDER / f"{stage}.lock"


def _acquire(path: Path, stage: str, deadline: float) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, path):
                return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                process = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
                raise BusyError(
                    f"expected no other process of the stage {stage}, "
                    f"found process {process}; wait until it has ended, or end it: kill {process}."
                ) from None
        os.close(descriptor)
        time.sleep(_PAUSE)


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether the open file is still at the path: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
