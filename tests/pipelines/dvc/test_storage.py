"""DVC's own lock, of either kind, while something else works in its cache."""

import subprocess
import threading
from pathlib import Path

import pytest

from pipelines.dvc.storage import locked_storage, storage
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from tests.helpers import pipelines, wait_until
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import dvc_at_work, run

pytestmark = pytest.mark.slow


@pytest.fixture(params=["false", "true"], ids=["file lock", "hardlink lock"])
def repository(toy: Path, request: pytest.FixtureRequest) -> Repository:
    dvc(toy, "config", "--local", "core.hardlink_lock", request.param)
    # A lock of the other kind stays when it is released, and would count as held.
    for name in ("lock", "rwlock.lock"):
        (toy / ".dvc" / "tmp" / name).unlink()
    return Repository(toy)


def dvc_command(toy: Path) -> "subprocess.CompletedProcess[str]":
    """A command that needs DVC's lock."""
    command = ["dvc", "commit", "--force"]
    return subprocess.run(command, cwd=toy, check=False, capture_output=True, text=True)


@pytest.mark.core
def test_storage_is_as_dvc_has_it(toy: Path) -> None:
    assert storage(toy).cache == toy / ".dvc" / "cache"
    assert not storage(toy).has_remote
    dvc(toy, "remote", "add", "--default", "store", str(toy.parent / "store"))
    dvc(toy, "cache", "dir", "--local", str(toy.parent / "elsewhere"))
    assert storage(toy).cache == toy.parent / "elsewhere"
    assert storage(toy).has_remote


def test_dvc_works_before_and_after_but_not_during(repository: Repository) -> None:
    with locked_storage(repository, "a test", print) as found:
        assert found.cache == repository.folder / ".dvc" / "cache"
        during = dvc_command(repository.folder)
    assert during.returncode
    assert "Unable to acquire lock" in during.stderr
    assert dvc_command(repository.folder).returncode == 0


def test_lock_is_released_after_an_error(repository: Repository) -> None:
    with pytest.raises(ZeroDivisionError), locked_storage(repository, "a test", print):
        raise ZeroDivisionError
    assert dvc_command(repository.folder).returncode == 0


def test_another_command_of_dvcs_is_waited_for(repository: Repository) -> None:
    heard: list[str] = []
    with dvc_at_work(repository.folder), locked_storage(repository, "a test", heard.append):
        pass
    assert heard == ["waiting for another command of DVC's to end"]


@pytest.mark.parametrize("command", [("fsck",), ("gc",), ("space",)])
def test_commands_leave_no_lock(repository: Repository, command: tuple[str, ...]) -> None:
    assert pipelines(repository.folder, *command).code == 0
    assert dvc_command(repository.folder).returncode == 0


def test_folder_that_is_no_repository_of_dvcs_is_one_sentence(toy: Path) -> None:
    run(toy, "rm", "-r", ".dvc")
    with pytest.raises(PipelineError, match="not inside of a DVC repository"):
        storage(toy)
    repository = Repository(toy)
    with (
        pytest.raises(PipelineError, match="not inside of a DVC repository"),
        locked_storage(repository, "a test", print),
    ):
        pass


def test_two_holders_take_turns(repository: Repository) -> None:
    order: list[str] = []

    def second() -> None:
        with locked_storage(repository, "the second", order.append):
            order.append("second")

    with locked_storage(repository, "the first", print):
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: order)
        order.append("first")
    thread.join()
    assert order == ["waiting for the first to end", "first", "second"]
