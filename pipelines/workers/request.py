"""Define a run's request to a worker: one stage at one commit."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipelines.dvc.expected import Expected
from pipelines.system.environment import Environment


class Request(BaseModel):
    """A request to run a stage."""

    model_config = ConfigDict(frozen=True)

    stage: str
    file: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]+/)*dvc\.yaml$")]
    """Path of the ``dvc.yaml`` that defines the stage, below the repository."""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    branch: Annotated[str, Field(pattern=r"^runs/requests/[A-Za-z0-9_-]+$")]
    """Branch of the Git remote that has the commit."""
    result: Annotated[str, Field(pattern=r"^runs/results/[A-Za-z0-9_-]+$")]
    """Branch for the worker's commit, whose parent must be ``commit``."""
    environment: Environment
    expected: Expected

    @property
    def lock(self) -> str:
        """Path of the file with the stage's record, below the repository."""
        return lock_path(self.file)


def lock_path(file: str) -> str:
    """Return the path of the ``dvc.lock`` that belongs to a ``dvc.yaml``."""
    return str(PurePosixPath(file).with_name("dvc.lock"))
