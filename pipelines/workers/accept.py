"""Check a worker's result completely, then accept all of it."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.dvc import remote
from pipelines.dvc.folder_list import entries
from pipelines.dvc.objects import fetched, object_path
from pipelines.dvc.outputs import DIRECTORY, Output
from pipelines.dvc.storage import storage
from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.system.replace import replace_all
from pipelines.workers.reading import Result, read_result
from pipelines.workers.request import Request
from pipelines.workers.transport import receive


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
    commit = receive(folder, request.result, check=True)
    result = read_result(folder, request, commit)
    cache = storage(folder).cache
    try:
        with fetched(result.in_cache, cache, partial(remote.fetch, folder)) as objects:
            _replace(folder, request, result, cache, objects)
    except OSError as error:
        raise PipelineError(
            f"expected to write the result for {request.stage}, found: {error}; nothing was "
            "accepted."
        ) from None
    return commit


def _replace(
    folder: Path, request: Request, result: Result, cache: Path, objects: Mapping[str, Path]
) -> None:
    """Write the result into a folder aside, then move everything to its place.

    The last one is ``dvc.lock``: if this process is killed before, DVC runs the stage again.
    """
    new = {name: place for name, place in objects.items() if place != object_path(cache, name)}
    with _aside(folder) as aside:
        replacements = [(place, object_path(cache, name)) for name, place in new.items()]
        for output in result.in_cache:
            replacements.append((aside / str(len(replacements)), folder / output.path))
            _copy(output, objects, replacements[-1][0])
        for path, contents in result.files.items():
            replacements.append((aside / str(len(replacements)), folder / path))
            _write(contents, replacements[-1][0])
        for place in new.values():
            place.chmod(0o444)
        _check_lock_unchanged(folder, request)
        replace_all(replacements)


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Create an empty folder for the block, which Git ignores, on the disk of the working copy."""
    temporary = folder / ".dvc" / "tmp"
    temporary.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=temporary, prefix="result-", ignore_cleanup_errors=True) as aside:
        yield Path(aside)


def _copy(output: Output, objects: Mapping[str, Path], target: Path) -> None:
    """Copy an output from its objects."""
    if not output.md5.endswith(DIRECTORY):
        shutil.copyfile(objects[output.md5], target)
        return
    target.mkdir()
    for entry in entries(output.path, objects[output.md5].read_bytes()):
        (target / entry.relpath).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(objects[entry.md5], target / entry.relpath)


def _write(contents: Mapping[str, bytes], target: Path) -> None:
    """Write a file, whose path below the target is empty, or the files of a folder."""
    if "" in contents:
        target.write_bytes(contents[""])
        return
    target.mkdir()
    for name, content in contents.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)


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
