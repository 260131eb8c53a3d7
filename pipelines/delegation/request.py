"""What is asked of a worker: a stage at a commit, and what its record must say of it."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from pipelines.environment import Environment
from pipelines.process import ask_for


def _has_path(dep: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(dep.get("path"), str):
        raise PydanticCustomError("path", "must have a path")
    return dep


class Expected(BaseModel):
    """What a stage's record in ``dvc.lock`` must say before it has run, and what it concerns."""

    model_config = ConfigDict(frozen=True)

    cmd: str | list[str]
    deps: tuple[Annotated[dict[str, Any], AfterValidator(_has_path)], ...]
    """As in ``dvc.lock``: path, hash, size; of the files as they are now."""
    params: dict[str, dict[str, Any]]
    """By file, then by name."""
    inputs: tuple[str, ...]
    """Paths of the deps that DVC's cache holds; the others are in Git."""
    outs: dict[str, bool]
    """By path: whether DVC's cache holds it; the others are in Git."""


class Request(BaseModel):
    """A stage that a worker shall run."""

    model_config = ConfigDict(frozen=True)

    stage: str
    file: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]+/)*dvc\.yaml$")]
    """That defines the stage, as a path below the repository."""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    branch: Annotated[str, Field(pattern=r"^runs/requests/[A-Za-z0-9_-]+$")]
    """Of the Git remote, where the commit is."""
    answer: Annotated[str, Field(pattern=r"^runs/answers/[A-Za-z0-9_-]+$")]
    """The branch where the worker's commit shall be: one whose parent is ``commit``."""
    environment: Environment
    expected: Expected

    @property
    def lock(self) -> str:
        """The file with the stage's record, as a path below the repository."""
        return lock_of(self.file)


class Found(BaseModel):
    """What ``pipelines.delegation.expect`` prints."""

    expected: Expected
    changed: bool
    """Whether something differs from what ``dvc.lock`` records of the stage."""


def lock_of(file: str) -> str:
    """Name the ``dvc.lock`` of a ``dvc.yaml``."""
    return str(PurePosixPath(file).with_name("dvc.lock"))


def read_expected(folder: Path, file: str, stage: str) -> Found:
    """Ask DVC what the record of a stage must say if it runs on what is in the folder now.

    Raises:
        PipelineError: there is no such stage, or it lacks something that it depends on.
    """
    return ask_for(Found, "pipelines.delegation.expect", "--", str(folder), file, stage)


def difference(expected: Expected, found: Expected) -> str | None:
    """Say in what two differ, for a sentence: the first place, with both values."""
    ours, theirs = (
        {"cmd": one.cmd}
        | {f"deps: {dep['path']}": dep for dep in one.deps}
        | {
            f"params: {file}: {name}": value
            for file, values in one.params.items()
            for name, value in values.items()
        }
        for one in (expected, found)
    )
    for place in [*ours, *theirs]:
        if ours.get(place) != theirs.get(place):
            return f"{place}: expected {ours.get(place)}, found {theirs.get(place)}"
    return None
