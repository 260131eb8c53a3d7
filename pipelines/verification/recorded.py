"""What a commit records of a run's outputs, and the contents that it means."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pipelines import PROVENANCE
from pipelines.dvc import remote
from pipelines.dvc.command import dvc
from pipelines.dvc.lock_record import LARGEST_LOCK, LOCK, read_lock
from pipelines.dvc.objects import bring, entries, object_path
from pipelines.dvc.outputs import Output, measure, outputs_of
from pipelines.errors import DamagedError, PipelineError
from pipelines.git.commits import contents_of
from stages.formats import FormatError
from stages.results.reading import provenance_of, read_provenance


class Record(NamedTuple):
    """What a ``dvc.lock`` says."""

    stages: frozenset[str]
    outputs: Mapping[str, Output]
    """By path, in the order of the stages."""


def recorded(folder: Path, commit: str) -> Record:
    """Read what a commit records.

    Raises:
        PipelineError: it has no ``dvc.lock``, or one that DVC did not write.
    """
    content = contents_of(folder, commit, LOCK, LARGEST_LOCK).get("")
    if content is None:
        raise PipelineError(
            f"{commit[:7]}: expected {LOCK} in it, found none; name a commit that records a run."
        )
    return read_record(content, f"{LOCK} of {commit[:7]}")


def read_record(content: bytes, name: str) -> Record:
    """Read a ``dvc.lock``.

    Args:
        content: of the file.
        name: what an error calls it.

    Raises:
        PipelineError: DVC did not write it, or an output is not within the repository.
    """
    lock = read_lock(content, name)
    outputs = {output.path: output for _, output in outputs_of(lock, name)}
    if not outputs:
        raise PipelineError(f"{name}: expected what DVC writes, found no outputs; run `dvc repro`.")
    return Record(frozenset(lock["stages"]), outputs)


def provenance(content: bytes | None, record: Record) -> dict[str, Any]:
    """Read the entries of ``models/provenance.json`` that are of the recorded weights.

    Args:
        content: of the file; nothing where there is none.
        record: what came of the trainings.

    Raises:
        PipelineError: it is something else.
    """
    try:
        read = read_provenance(content or b"{}")
    except FormatError as error:
        raise PipelineError(f"{PROVENANCE}: {error}; run the pipeline again.") from None
    return provenance_of(read, {output.md5 for output in record.outputs.values()})


def check_in_git(folder: Path, commit: str, output: Output) -> None:
    """See that an output that a commit itself holds is the one that its ``dvc.lock`` records.

    Raises:
        DamagedError: it is another.
    """
    contents = contents_of(folder, commit, output.path)
    if contents and (found := measure(output.path, contents)).md5 != output.md5:
        raise DamagedError(f"{LOCK} records MD5 {output.md5}, the commit itself has {found.md5}")


def place(folder: Path, commit: str, output: Output, top: Path) -> Path:
    """Have a recorded output at its path below a folder: from Git, DVC's cache, or its remote.

    What comes from the remote goes to the cache, as by ``dvc fetch``.

    Returns:
        Where it is; files of the cache are linked to.

    Raises:
        PipelineError: its content is nowhere, or is not what the record says.
    """
    target = top / output.path
    contents = contents_of(folder, commit, output.path)
    for name, content in contents.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    if not contents:
        cache = Path(dvc(folder, "cache", "dir"))
        bring([output], cache, partial(remote.fetch, folder))
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
