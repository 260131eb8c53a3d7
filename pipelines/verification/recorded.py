"""Read what a commit records of a run's outputs, and find their contents."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pipelines import PROVENANCE
from pipelines.dvc import remote
from pipelines.dvc.folder_list import entries
from pipelines.dvc.lock_record import LARGEST_LOCK, LOCK, read_lock
from pipelines.dvc.objects import fetch_to_cache, object_path
from pipelines.dvc.outputs import Output, measure, outputs_of
from pipelines.dvc.storage import storage
from pipelines.errors import DamagedError, PipelineError
from pipelines.git.commits import contents_of
from stages.results.reading import provenance_of, read_provenance
from stages.shared.formats import FormatError


class Record(NamedTuple):
    """The content of a ``dvc.lock``."""

    stages: frozenset[str]
    outputs: Mapping[str, Output]
    """By path, in the order of the stages."""


def recorded(folder: Path, commit: str) -> Record:
    """Read the record of a commit.

    Raises:
        PipelineError: it has no ``dvc.lock``, or one that DVC did not write.
    """
    content = contents_of(folder, commit, LOCK, LARGEST_LOCK).get("")
    if content is None:
        raise PipelineError(
            f"{commit[:7]}: expected {LOCK} in the commit, found none; name a commit that records "
            "a run."
        )
    return read_record(content, f"{LOCK} of {commit[:7]}")


def read_record(content: bytes, name: str) -> Record:
    """Parse the content of a ``dvc.lock``.

    Args:
        content: of the file.
        name: the file's name in error messages.

    Raises:
        PipelineError: DVC did not write it, or an output is outside of the repository.
    """
    lock = read_lock(content, name)
    outputs = {output.path: output for _, output in outputs_of(lock, name)}
    if not outputs:
        raise PipelineError(
            f"{name}: expected a lock as DVC writes it, found no outputs; restore it."
        )
    return Record(frozenset(lock["stages"]), outputs)


def provenance(content: bytes | None, record: Record) -> dict[str, Any]:
    """Return the entries of ``models/provenance.json`` that belong to the recorded weights.

    Args:
        content: of the file, or ``None`` if it does not exist.
        record: the outputs of the trainings.

    Raises:
        PipelineError: the content is invalid.
    """
    try:
        read = read_provenance(content or b"{}")
    except FormatError as error:
        raise PipelineError(f"{PROVENANCE}: {error}; run the pipeline again.") from None
    return provenance_of(read, {output.md5 for output in record.outputs.values()})


def check_in_git(folder: Path, commit: str, output: Output) -> None:
    """Check that an output in a commit matches the record in the commit's ``dvc.lock``.

    Raises:
        DamagedError: it differs.
    """
    contents = contents_of(folder, commit, output.path)
    if contents and (found := measure(output.path, contents)).md5 != output.md5:
        raise DamagedError(f"{LOCK} records MD5 {output.md5}, the commit itself has {found.md5}")


def place(folder: Path, commit: str, output: Output, top: Path) -> Path:
    """Write a recorded output to its path below a folder: from Git, DVC's cache, or its remote.

    Objects from the remote are stored in the cache, as by ``dvc fetch``.

    Returns:
        The output's path; files of the cache are links.

    Raises:
        PipelineError: its content is missing everywhere, or does not match the record.
    """
    target = top / output.path
    contents = contents_of(folder, commit, output.path)
    for name, content in contents.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    if not contents:
        cache = storage(folder).cache
        fetch_to_cache([output], cache, partial(remote.fetch, folder))
        _link(output, cache, target)
    return target


def _link(output: Output, cache: Path, target: Path) -> None:
    source = object_path(cache, output.md5)
    files = {"": source}
    if output.nfiles is not None:
        target.mkdir(parents=True)
        listed = entries(output.path, source.read_bytes())
        files = {entry.relpath: object_path(cache, entry.md5) for entry in listed}
    for name, content in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).symlink_to(content)
