"""Describe what a stage's record in ``dvc.lock`` must contain after the stage has run."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from pipelines.system.helper import ask_for


def _has_path(dep: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(dep.get("path"), str):
        raise PydanticCustomError("path", "must have a path")
    return dep


Dep = Annotated[dict[str, Any], AfterValidator(_has_path)]
"""A dependency as in ``dvc.lock``: path, hash and size."""


class Expected(BaseModel):
    """The parts of a stage's record in ``dvc.lock`` that are known before it runs."""

    model_config = ConfigDict(frozen=True)

    cmd: str | list[str]
    deps: tuple[Dep, ...]
    """Of the files as they are now."""
    params: dict[str, dict[str, Any]]
    """By file, then by name."""
    inputs: tuple[str, ...]
    """Paths of the deps that are in DVC's cache; the others are in Git."""
    outs: dict[str, bool]
    """For each path, whether DVC's cache holds it; the others are in Git."""
    kinds: dict[str, Literal["file", "folder"]] = {}
    """What the outputs are, of those that are metrics or were recorded before."""


class Found(BaseModel):
    """The output of ``pipelines.dvc.processes.expect``."""

    expected: Expected
    changed: bool
    """Whether anything differs from the stage's record in ``dvc.lock``."""


def read_expected(folder: Path, file: str, stage: str) -> Found:
    """Ask DVC what a stage's record must contain if it runs on the folder's current files.

    Raises:
        PipelineError: there is no such stage, or something that it depends on is missing.
    """
    return ask_for(Found, "pipelines.dvc.processes.expect", "--", str(folder), file, stage)


def same(one: Any, other: Any) -> bool:
    """Return whether two values of JSON's types are the same; unlike 1, 1.0 and True in Python."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def difference(expected: Expected, found: Expected) -> str | None:
    """Return the first difference with both values, as text, or ``None`` if they are equal."""
    ours, theirs = _places(expected), _places(found)
    for place in [*ours, *theirs]:
        if (place in ours) != (place in theirs) or not same(ours.get(place), theirs.get(place)):
            texts = (str(one.get(place, "nothing")) for one in (ours, theirs))
            return "{}: expected {}, found {}".format(place, *texts)
    return None


def _places(one: Expected) -> dict[str, Any]:
    """Return each part by its place in the record; a file of parameters may have none."""
    return (
        {"cmd": one.cmd}
        | {f"deps: {dep['path']}": dep for dep in one.deps}
        | {
            f"params: {file}: {name}": value
            for file, values in one.params.items()
            for name, value in values.items()
        }
        | {f"params: {file}": {} for file, values in one.params.items() if not values}
    )
