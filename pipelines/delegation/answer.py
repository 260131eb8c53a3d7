"""Whether a worker's answer is what was asked: no more, no less, and of nothing else.

Pure functions: what Git has is given to them, and the contents that the accepted record names by
their hashes are looked at in ``pipelines.storage.objects``.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from pipelines.checkout import PROVENANCE
from pipelines.delegation.request import Expected, Request, difference
from pipelines.errors import ForeignError, ForgedError
from pipelines.storage.outputs import Output

_FILES = ("100644", "100755")
_DELETED = "000000"
# What DVC begins a dvc.lock with.
_NEW_LOCK = {"schema": "2.0"}
_OUTPUTS = TypeAdapter(tuple[Output, ...])


class Answer(NamedTuple):
    """A commit of a worker, as Git has it."""

    parents: tuple[str, ...]
    changes: Mapping[str, str]
    """Mode, as Git writes it, by path that differs from the requested commit."""
    before: Mapping[str, Any]
    """The ``dvc.lock`` with the stage's record, at the requested commit."""
    after: Mapping[str, Any]
    """The same at the answer."""


def inputs_of(expected: Expected) -> list[Output]:
    """Give what a stage depends on and DVC's cache holds."""
    return [Output.model_validate(dep) for dep in expected.deps if dep["path"] in expected.inputs]


def verify(request: Request, answer: Answer) -> tuple[Output, ...]:
    """Check all that an answer says against the request.

    Returns:
        The outputs that it names, whose contents are yet to be rehashed.

    Raises:
        ForeignError: it is no answer to this request.
        ForgedError: it changes what it must not, or records what was not asked.
    """
    if answer.parents != (request.commit,):
        found = " and ".join(answer.parents) or "none"
        raise ForeignError(
            f"the worker's answer for {request.stage} is refused: expected a commit whose parent "
            f"is {request.commit}, found {found}; run the flow again."
        )
    _check_changes(request, answer.changes)
    stages = answer.after.get("stages", {})
    _check_others(request, answer)
    if request.stage not in stages:
        raise _forged(request, f"expected a record of it in {request.lock}, found none")
    return outputs(request, stages[request.stage])


def outputs(request: Request, record: Mapping[str, Any]) -> tuple[Output, ...]:
    """Check a stage's record against the request, and give the outputs that it names.

    Raises:
        ForgedError: its command, deps, params or paths of outputs differ, or it is malformed.
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
        raise _forged(request, f"expected a record as DVC writes it, found {what}") from None
    if unlike := difference(expected, found):
        raise _forged(request, f"in its record, {unlike}")
    if sorted(out.path for out in named) != sorted(expected.outs):
        paths = ", ".join(out.path for out in named) or "none"
        raise _forged(request, f"expected the outputs {', '.join(expected.outs)}, found {paths}")
    return named


def _check_changes(request: Request, changes: Mapping[str, str]) -> None:
    in_git = [path for path, cached in request.expected.outs.items() if not cached]
    for path, mode in changes.items():
        below = any(path.startswith(f"{out}/") for out in in_git)
        allowed = below or path in {*in_git, request.lock, PROVENANCE}
        if not allowed:
            may = ", ".join([request.lock, PROVENANCE, *in_git])
            raise _forged(request, f"expected changes of nothing but {may}, found one of {path}")
        if mode not in _FILES and not (below and mode == _DELETED):
            raise _forged(request, f"expected {path} to be a file, found Git's mode {mode}")


def _check_others(request: Request, answer: Answer) -> None:
    locks = (answer.before or _NEW_LOCK, answer.after)
    before, after = (_apart(lock, request.stage) for lock in locks)
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            raise _forged(
                request,
                f"expected {request.lock} to say of {place} what it said at {request.commit[:7]}, "
                "found something else",
            )


def _apart(lock: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """Give what a lock says, by place, but of one stage."""
    stages = lock.get("stages", {})
    others = {f"stage {name}": record for name, record in stages.items() if name != stage}
    return {key: value for key, value in lock.items() if key != "stages"} | others


def _forged(request: Request, what: str) -> ForgedError:
    return ForgedError(
        f"the worker's answer for {request.stage} is refused: {what}; nothing of it was taken over."
    )
