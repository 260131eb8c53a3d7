"""What a run asks of a worker: one stage at one commit."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipelines.dvc.expected import Expected
from pipelines.system.environment import Environment


class Request(BaseModel):
    """A stage that a worker shall run."""

    model_config = ConfigDict(frozen=True)

    stage: str
    file: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]+/)*dvc\.yaml$")]
    """That defines the stage, as a path below the repository."""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    branch: Annotated[str, Field(pattern=r"^runs/requests/[A-Za-z0-9_-]+$")]
    """Of the Git remote, where the commit is."""
    result: Annotated[str, Field(pattern=r"^runs/results/[A-Za-z0-9_-]+$")]
    """The branch where the worker's commit shall be: one whose parent is ``commit``."""
    environment: Environment
    expected: Expected

    @property
    def lock(self) -> str:
        """The file with the stage's record, as a path below the repository."""
        return lock_of(self.file)


def lock_of(file: str) -> str:
    """Name the ``dvc.lock`` of a ``dvc.yaml``."""
    return str(PurePosixPath(file).with_name("dvc.lock"))
