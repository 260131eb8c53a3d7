"""Find DVC's cache, and keep every other run and command from changing it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from pipelines import PROJECT
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.system.helper import ask_for
from pipelines.system.lock import exclusive
from pipelines.system.process import started

_MODULE = "pipelines.dvc.processes.storage"


class Storage(BaseModel):
    """Where DVC keeps the objects of a repository."""

    cache: Path
    has_remote: bool
    """Whether there is a default remote."""


def storage(folder: Path) -> Storage:
    """Return the storage of the repository in a folder; ``PipelineError`` if there is none."""
    return ask_for(Storage, _MODULE, str(folder))


@contextmanager
def locked_storage(
    repository: Repository, owner: str, log: Callable[[str], object]
) -> Iterator[Storage]:
    """Block every run and every command of DVC's from writing to the cache while the block runs.

    Args:
        repository: the repository with the cache.
        owner: the holder of the lock, as text for the user.
        log: called with a line if the block has to wait.

    Raises:
        PipelineError: DVC cannot read its repository.
    """
    with (
        exclusive(repository.state / "lock", owner, "wait", log),
        storage_without_dvc(repository.folder, log) as found,
    ):
        yield found


@contextmanager
def storage_without_dvc(folder: Path, log: Callable[[str], object]) -> Iterator[Storage]:
    """Block every command of DVC's from writing to the cache while the block runs.

    The caller holds the repository's lock, which blocks the runs. For the arguments and errors, see
    ``locked_storage``.
    """
    command = [sys.executable, "-m", _MODULE, "--lock", str(folder)]
    with started(command, PROJECT) as process:
        line = ""
        for line in process.stdout or ():
            if line.startswith("{"):
                yield Storage.model_validate_json(line)
                return
            if line.startswith("waiting"):
                log(line.strip())
        raise PipelineError(line.strip().removeprefix("error: ") or f"{_MODULE} printed nothing.")
