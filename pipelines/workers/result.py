"""Check that a worker's result is exactly what was requested.

The functions are pure: their arguments contain what Git has. ``pipelines.dvc.objects`` checks the
contents whose hashes the accepted record names.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from pipelines import PROVENANCE
from pipelines.dvc.expected import Expected, difference
from pipelines.dvc.outputs import Output
from pipelines.errors import MismatchError, RecordError
from pipelines.workers.request import Request

_FILES = ("100644", "100755")
_DELETED = "000000"
# The header of a new dvc.lock.
_NEW_LOCK = {"schema": "2.0"}
_OUTPUTS = TypeAdapter(tuple[Output, ...])


class WorkerResult(NamedTuple):
    """A worker's commit, as Git has it."""

    parents: tuple[str, ...]
    changes: Mapping[str, str]
    """Git's file mode of each path that differs from the requested commit."""
    before: Mapping[str, Any]
    """The ``dvc.lock`` for the stage's record, at the requested commit."""
    after: Mapping[str, Any]
    """The same ``dvc.lock`` at the result's commit."""


def inputs_of(expected: Expected) -> list[Output]:
    """Return the deps of a stage that DVC's cache holds."""
    return [Output.model_validate(dep) for dep in expected.deps if dep["path"] in expected.inputs]


def verify(request: Request, result: WorkerResult) -> tuple[Output, ...]:
    """Check everything in a result against the request.

    Returns:
        The outputs that it names; their contents are not rehashed yet.

    Raises:
        MismatchError: it is not the result of this request.
        RecordError: it changes something it must not change, or records something not requested.
    """
    if result.parents != (request.commit,):
        found = " and ".join(result.parents) or "none"
        raise MismatchError(
            f"the worker's result for {request.stage} is rejected: expected a commit whose parent "
            f"is {request.commit}, found {found}; run the flow again."
        )
    _check_changes(request, result.changes)
    stages = result.after.get("stages", {})
    _check_others(request, result)
    if request.stage not in stages:
        raise _rejected(request, f"expected a record of it in {request.lock}, found none")
    return outputs(request, stages[request.stage])


def outputs(request: Request, record: Mapping[str, Any]) -> tuple[Output, ...]:
    """Check a stage's record against the request, and return the outputs that it names.

    Raises:
        RecordError: its command, deps, params or output paths differ, or it is malformed.
    """
    expected = request.expected
    try:
        found = Expected(
            cmd=record["cmd"],
            deps=record.get("deps", []),
            params=record.get("params", {}),
            inputs=expected.inputs,
            outs=expected.outs,
        )
        named = _OUTPUTS.validate_python(record.get("outs", []))
    except (KeyError, ValidationError) as error:
        what = " ".join(str(error).split())
        raise _rejected(request, f"expected a record as DVC writes it, found {what}") from None
    if mismatch := difference(expected, found):
        raise _rejected(request, f"in its record, {mismatch}")
    if sorted(out.path for out in named) != sorted(expected.outs):
        paths = ", ".join(out.path for out in named) or "none"
        raise _rejected(request, f"expected the outputs {', '.join(expected.outs)}, found {paths}")
    return named


def _check_changes(request: Request, changes: Mapping[str, str]) -> None:
    in_git = [path for path, cached in request.expected.outs.items() if not cached]
    for path, mode in changes.items():
        below = any(path.startswith(f"{out}/") for out in in_git)
        allowed = below or path in {*in_git, request.lock, PROVENANCE}
        if not allowed:
            may = ", ".join([request.lock, PROVENANCE, *in_git])
            raise _rejected(request, f"expected changes only of {may}, found one of {path}")
        if mode not in _FILES and not (below and mode == _DELETED):
            raise _rejected(request, f"expected {path} to be a file, found Git's mode {mode}")


def _check_others(request: Request, result: WorkerResult) -> None:
    locks = (result.before or _NEW_LOCK, result.after)
    before, after = (_without_stage(lock, request.stage) for lock in locks)
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            raise _rejected(
                request,
                f"expected {place} of {request.lock} to be unchanged since {request.commit[:7]}, "
                "found a change",
            )


def _without_stage(lock: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """Return the content of a lock, by place, without one stage."""
    stages = lock.get("stages", {})
    others = {f"stage {name}": record for name, record in stages.items() if name != stage}
    return {key: value for key, value in lock.items() if key != "stages"} | others


def _rejected(request: Request, what: str) -> RecordError:
    return RecordError(
        f"the worker's result for {request.stage} is rejected: {what}; nothing was accepted."
    )
