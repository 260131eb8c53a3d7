"""What a stage's record in ``dvc.lock`` must say once the stage has run."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from pipelines.system.helper import ask_for


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


class Found(BaseModel):
    """What ``pipelines.dvc.processes.expect`` prints."""

    expected: Expected
    changed: bool
    """Whether something differs from what ``dvc.lock`` records of the stage."""


def read_expected(folder: Path, file: str, stage: str) -> Found:
    """Ask DVC what the record of a stage must say if it runs on what is in the folder now.

    Raises:
        PipelineError: there is no such stage, or it lacks something that it depends on.
    """
    return ask_for(Found, "pipelines.dvc.processes.expect", "--", str(folder), file, stage)


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
