import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.system.lock import BusyError, exclusive
from tests.helpers import wait_until


def ignore(_: str) -> None:
    """Nobody is listening."""


def test_lock_has_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with (
        exclusive(path, "the first run", "wait", ignore),
        pytest.raises(
            BusyError,
            match=r"^expected no other run .*, found the first run; this run is cancelled\.$",
        ),
        exclusive(path, "the second run", "cancel", ignore),
    ):
        pass


def test_lock_is_released_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock", "a", "cancel", ignore):
        raise ZeroDivisionError
    with exclusive(tmp_path / "lock", "b", "cancel", ignore):
        assert (tmp_path / "lock").read_text() == "b\n"


def test_lock_holds_on_a_full_disk(small_disk: Path) -> None:
    lock = small_disk / "lock"
    lock.touch()
    with (small_disk / "filler").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free)

    with (
        exclusive(lock, "the first run", "cancel", ignore),
        pytest.raises(BusyError, match="found another one; this run is cancelled"),
        exclusive(lock, "the second run", "cancel", ignore),
    ):
        pass


def test_waiting_is_logged_once_with_the_holder(tmp_path: Path) -> None:
    happened: list[str] = []
    first = exclusive(tmp_path / "lock", "the first run", "wait", ignore)
    first.__enter__()

    def release() -> None:
        happened.append("released")
        first.__exit__(None, None, None)

    def hear(output: str) -> None:
        happened.append(output)
        # Long enough for several looks at the lock.
        threading.Timer(2.5, release).start()

    with exclusive(tmp_path / "lock", "the second run", "wait", hear):
        happened.append("held")
    assert happened == ["waiting for the first run to end", "released", "held"]


def test_process_that_inherits_the_lock_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with exclusive(path, "a", "cancel", ignore) as descriptor:
        worker = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[descriptor]
        )
    with pytest.raises(BusyError), exclusive(path, "b", "cancel", ignore):
        pass
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    def is_free() -> bool:
        try:
            with exclusive(path, "c", "cancel", ignore):
                return True
        except BusyError:
            return False

    wait_until(is_free)


@pytest.mark.parametrize(("folder", "file"), [(0o2775, 0o664), (0o755, 0o644)])
def test_lock_is_for_whoever_the_folder_is_for(tmp_path: Path, folder: int, file: int) -> None:
    before = os.umask(0o022)
    try:
        (tmp_path / "state").mkdir()
        (tmp_path / "state").chmod(folder)
        with exclusive(tmp_path / "state" / "lock", "a", "cancel", ignore):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "state" / "lock").stat().st_mode & 0o777 == file
