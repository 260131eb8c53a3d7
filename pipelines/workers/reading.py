"""Read a worker's result from Git, and check each piece before the next one is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipelines import PROVENANCE
from pipelines.dvc.lock_record import lock_at, read_lock
from pipelines.dvc.outputs import Output, check_measured, measure
from pipelines.git.command import git
from pipelines.git.files import GitFile, files_in, listing, read_files, sizes_of
from pipelines.workers.request import Request
from pipelines.workers.result import (
    check_files_of,
    check_lock,
    check_parents,
    check_size,
    is_part,
    rejected,
)
from pipelines.workers.schema import largest_listing, largest_lock, largest_provenance
from stages.results.reading import read_provenance
from stages.shared.formats import FormatError


class Result(NamedTuple):
    """A result whose commit is checked completely."""

    in_cache: list[Output]
    """Outputs whose objects are in DVC's remote, and are not checked yet."""
    files: Mapping[str, Mapping[str, bytes]]
    """Content by path, then by path below it: each output in Git, the provenance, ``dvc.lock``."""


def read_result(folder: Path, request: Request, commit: str) -> Result:
    """Read a result's commit, and check it against the request.

    Raises:
        MismatchError: it is not the result of this request.
        RecordError: the commit contains or changes something that it must not.
    """
    parents = git(folder, "rev-list", "--parents", "-1", commit).split()[1:]
    check_parents(request, parents)
    listed = listing(folder, request.commit)
    limit = largest_listing(len(listed))
    before, after = files_in(listed), files_in(listing(folder, commit, limit))
    files = check_files_of(request, before, after)
    singles = {path: files[path] for path in (request.lock, PROVENANCE) if path in files}
    contents = _read_singles(folder, request, before, singles)
    lock = read_lock(contents[request.lock], f"{request.lock} of {commit}")
    outputs = check_lock(request, lock_at(folder, request.commit, request.lock), lock)
    if PROVENANCE in contents:
        _check_provenance(request, contents[PROVENANCE])
    in_git = [output for output in outputs if not request.expected.outs[output.path]]
    parts = {output.path: _read_output(folder, request, files, output) for output in in_git}
    check_measured(in_git, [measure(path, found) for path, found in parts.items()])
    return Result(
        [output for output in outputs if request.expected.outs[output.path]],
        parts | {path: {"": contents[path]} for path in reversed(contents)},
    )


def _read_singles(
    folder: Path, request: Request, before: Mapping[str, GitFile], files: Mapping[str, GitFile]
) -> dict[str, bytes]:
    earlier = sizes_of(folder, {path: before[path] for path in files if path in before})
    for path, size in sizes_of(folder, files).items():
        known = earlier.get(path, 0)
        lock = path == request.lock
        limit = largest_lock(request, known) if lock else largest_provenance(known)
        check_size(request, path, size, limit)
    return read_files(folder, files)


def _read_output(
    folder: Path, request: Request, files: Mapping[str, GitFile], output: Output
) -> dict[str, bytes]:
    """Read an output in Git by the paths below its own, if it is not larger than recorded."""
    parts = {path: file for path, file in files.items() if is_part(path, output.path)}
    check_size(request, output.path, sum(sizes_of(folder, parts).values()), output.size)
    contents = read_files(folder, parts)
    return {path[len(output.path) + 1 :]: content for path, content in contents.items()}


def _check_provenance(request: Request, content: bytes) -> None:
    """Check that the provenance is readable: comparing commits or devices later depends on it."""
    try:
        read_provenance(content)
    except FormatError as error:
        raise rejected(request, f"{PROVENANCE}: {error}") from None
