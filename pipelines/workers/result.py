"""Check that a worker's result is exactly what was requested.

The functions are pure: their arguments contain what Git has. ``pipelines.workers.reading`` reads it
piece by piece, and checks each piece before it reads the next. ``pipelines.dvc.objects`` checks the
contents whose hashes the accepted record names.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from pipelines import PROVENANCE
from pipelines.dvc.expected import Expected, difference, same
from pipelines.dvc.folder_list import check_files
from pipelines.dvc.outputs import DIRECTORY, Output
from pipelines.errors import MismatchError, RecordError
from pipelines.git.files import GitFile
from pipelines.workers.request import Request
from pipelines.workers.schema import LARGEST_IN_GIT, MOST_FILES, Record
from stages.shared.text import excerpt
from stages.shared.validation import sentences

_FILE = "100644"
# The header of a new dvc.lock.
_NEW_LOCK = {"schema": "2.0"}


def inputs_of(expected: Expected) -> list[Output]:
    """Return the deps of a stage that DVC's cache holds."""
    return [Output.model_validate(dep) for dep in expected.deps if dep["path"] in expected.inputs]


def check_parents(request: Request, parents: Sequence[str]) -> None:
    """Check that a result's commit has the requested one as its only parent.

    Raises:
        MismatchError: it is not the result of this request.
    """
    if list(parents) != [request.commit]:
        found = " and ".join(parents[:3]) or "none"
        raise MismatchError(
            f"the worker's result for {request.stage} is rejected: expected a commit whose parent "
            f"is {request.commit}, found {found}; run the flow again."
        )


def check_files_of(
    request: Request, before: Mapping[str, GitFile], after: Mapping[str, GitFile]
) -> dict[str, GitFile]:
    """Check the names, modes and kinds of a result's files.

    Args:
        request: the stage and its outputs.
        before: the files of the requested commit, by path.
        after: the files of the result's commit.

    Returns:
        The files that belong to the result: ``dvc.lock``, the provenance and outputs.

    Raises:
        RecordError: a file that must not change differs, or one is not a regular file.
    """
    in_git = [path for path, cached in request.expected.outs.items() if not cached]
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    single = [request.lock, PROVENANCE] if PROVENANCE in changed else [request.lock]
    for path in changed:
        if path not in single and not any(is_part(path, out) for out in in_git):
            may = ", ".join([request.lock, PROVENANCE, *in_git])
            raise rejected(request, f"expected changes only of {may}, found one of {path}")
    for out in in_git:
        _check_parts(request, out, [path for path in after if is_part(path, out)])
    found = {
        path: file
        for path, file in after.items()
        if path in single or any(is_part(path, out) for out in in_git)
    }
    for path, file in found.items():
        if file.mode != _FILE:
            raise rejected(
                request, f"expected {path} to be a file of Git's mode {_FILE}, found {file.mode}"
            )
    for path in single:
        if path not in found:
            raise rejected(request, f"expected {path} to be a file, found none")
    return found


def _check_parts(request: Request, out: str, parts: Sequence[str]) -> None:
    inside = [path[len(out) + 1 :] for path in parts if path != out]
    if request.expected.kinds.get(out) == "file" and list(parts) != [out]:
        raise _other_kind(request, out, "a folder" if inside else "none")
    if len(inside) > MOST_FILES:
        raise rejected(request, f"expected at most {MOST_FILES} files in {out}, found more")
    try:
        check_files(inside, out)
    except RecordError as error:
        raise rejected(request, str(error).rstrip(".")) from None


def check_size(request: Request, path: str, size: int, limit: int) -> None:
    """Check that a file is not too large to be read; raise ``RecordError`` if it is."""
    if size > limit:
        raise rejected(
            request, f"expected {path} to have at most {limit} bytes, found {size}; it was not read"
        )


def check_lock(
    request: Request, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Output, ...]:
    """Check that only the stage's record in ``dvc.lock`` is new, and that it is as requested.

    Args:
        request: the stage and what its record must contain.
        before: the content of ``dvc.lock`` at the requested commit.
        after: the content at the result's commit.

    Returns:
        The outputs that the record names; their contents are not rehashed yet.

    Raises:
        RecordError: it changes something it must not change, or records something not requested.
    """
    others, found = (_without_stage(lock, request.stage) for lock in (before or _NEW_LOCK, after))
    for place in sorted(others.keys() | found.keys()):
        if not same(others.get(place), found.get(place)) or (place in others) != (place in found):
            raise rejected(
                request,
                f"expected {place} of {request.lock} to be unchanged since {request.commit[:7]}, "
                "found a change",
            )
    if request.stage not in after.get("stages", {}):
        raise rejected(request, f"expected a record of it in {request.lock}, found none")
    return outputs(request, after["stages"][request.stage])


def outputs(request: Request, record: Mapping[str, Any]) -> tuple[Output, ...]:
    """Check a stage's record against the request, and return the outputs that it names.

    Raises:
        RecordError: its command, deps, params or outputs differ, or it is malformed.
    """
    expected = request.expected
    try:
        valid = Record.model_validate(record)
    except ValidationError as error:
        what, _, _ = sentences(error, (request.stage,)).partition("; ")
        raise rejected(request, f"expected a record as DVC writes it, found that {what}") from None
    recorded = {"cmd": valid.cmd, "deps": tuple(valid.deps), "params": valid.params}
    if mismatch := difference(expected, expected.model_copy(update=recorded)):
        raise rejected(request, f"in its record, {mismatch}")
    if sorted(out.path for out in valid.outs) != sorted(expected.outs):
        paths = ", ".join(out.path for out in valid.outs) or "none"
        raise rejected(request, f"expected the outputs {', '.join(expected.outs)}, found {paths}")
    found = tuple(out.output() for out in valid.outs)
    for out in found:
        kind = "folder" if out.md5.endswith(DIRECTORY) else "file"
        if kind != expected.kinds.get(out.path, kind):
            raise _other_kind(request, out.path, f"a {kind}")
        if not expected.outs[out.path] and out.size > LARGEST_IN_GIT:
            raise rejected(
                request,
                f"expected {out.path}, an output in Git, to have at most {LARGEST_IN_GIT} bytes, "
                f"found {out.size}",
            )
    return found


def _other_kind(request: Request, out: str, found: str) -> RecordError:
    return rejected(
        request,
        f"expected {out} to be a {request.expected.kinds[out]}, found {found}; if that is "
        f"intended, run {request.stage} here once",
    )


def is_part(path: str, out: str) -> bool:
    """Return whether a path is that of an output, or of a file in an output."""
    return path == out or path.startswith(f"{out}/")


def rejected(request: Request, what: str) -> RecordError:
    """Return the error about a result, whose text is escaped."""
    return RecordError(
        f"the worker's result for {request.stage} is rejected: {excerpt(what)}; nothing was "
        "accepted."
    )


def _without_stage(lock: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """Return the content of a lock, by place, without one stage."""
    stages = lock.get("stages", {})
    others = {f"stage {name}": record for name, record in stages.items() if name != stage}
    return {key: value for key, value in lock.items() if key != "stages"} | others
