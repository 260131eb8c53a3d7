"""Check a worker's result completely, then accept all of it."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipelines import PROVENANCE
from pipelines.dvc import remote
from pipelines.dvc.command import dvc
from pipelines.dvc.objects import fetch_to_cache
from pipelines.dvc.outputs import Output, check_measured, measure
from pipelines.dvc.storage import storage
from pipelines.errors import PipelineError, RecordError
from pipelines.git.command import git
from pipelines.git.commits import LARGEST, contents_of
from pipelines.workers.request import Request
from pipelines.workers.result import verify
from pipelines.workers.transport import read_result, receive
from stages.results.reading import read_provenance
from stages.shared.formats import LARGEST as LARGEST_JSON
from stages.shared.formats import FormatError


def accept_result(folder: Path, request: Request) -> str:
    """Fetch the result of a request, verify it, and update the folder with it.

    Returns:
        The commit of the result.

    Raises:
        MismatchError: the result belongs to something else.
        RecordError: the result contains or changes something that it must not.
        DamagedError: content that it names is missing, or does not match its hash.
        PipelineError: there is no result, or a remote fails. Every error leaves the folder
            unchanged.
    """
    commit = receive(folder, request.result)
    result = read_result(folder, request, commit)
    recorded = verify(request, result)
    in_cache = [output for output in recorded if request.expected.outs[output.path]]
    in_git = [output for output in recorded if not request.expected.outs[output.path]]
    cache = storage(folder).cache
    check_measured(
        in_git,
        [
            measure(output.path, contents_of(folder, commit, output.path, _limit(output)))
            for output in in_git
        ],
    )
    provenance = [PROVENANCE] if PROVENANCE in result.changes else []
    for path in provenance:
        _check_provenance(request, contents_of(folder, commit, path, LARGEST_JSON).get("", b""))
    fetch_to_cache(in_cache, cache, partial(remote.fetch, folder))
    _check_lock_unchanged(folder, request)
    _restore(folder, commit, [request.lock, *provenance, *(output.path for output in in_git)])
    _check_out(folder, in_cache)
    return commit


def _check_provenance(request: Request, content: bytes) -> None:
    """Check that the provenance is readable: comparing commits or devices later depends on it."""
    try:
        read_provenance(content)
    except FormatError as error:
        raise RecordError(
            f"the worker's result for {request.stage} is rejected: {PROVENANCE}: {error}; "
            "nothing was accepted."
        ) from None


def _check_lock_unchanged(folder: Path, request: Request) -> None:
    """Check that nobody ran a stage here while the worker ran its own."""
    requested = git(folder, "ls-tree", "--full-tree", request.commit, "--", request.lock).split()
    found = (
        git(folder, "hash-object", "--", request.lock) if (folder / request.lock).exists() else None
    )
    if found != (requested[2] if requested else None):
        raise PipelineError(
            f"expected {request.lock} to be unchanged since {request.stage} was requested, found "
            f"it changed; nothing was accepted from {request.result}; run the flow again."
        )


def _limit(output: Output) -> int:
    """Return the maximum number of bytes of an output to read."""
    return min(output.size, LARGEST)


def _restore(folder: Path, commit: str, paths: Sequence[str]) -> None:
    """Restore files and folders from a commit without changing Git's index."""
    for path in paths:
        if (folder / path).is_dir():
            shutil.rmtree(folder / path)
        pathspec = f":(top,literal){path}"
        git(folder, "restore", f"--source={commit}", "--worktree", "--", pathspec)


def _check_out(folder: Path, outputs: Sequence[Output]) -> None:
    if outputs:
        paths = [output.path for output in outputs]
        dvc(folder, "checkout", "--quiet", "--force", "--", *paths)
