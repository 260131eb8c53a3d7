"""Find outputs that differ from ``dvc.lock``, so that DVC replaces them, and damaged objects.

DVC trusts a read-only object in its cache: it checks out a damaged one, even in place of an intact
output, and remembers the hash that the object should have. Damaged objects found here are copied
from an intact output, fetched from the remote or made again.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.dvc import inventory
from pipelines.dvc.inventory import Need
from pipelines.dvc.lock_record import lock_in
from pipelines.dvc.objects import is_intact, object_path
from pipelines.dvc.outputs import folder_hash, outputs_of
from stages.shared.digests import md5_of

_HERE = "the working copy"


def recorded_outputs(folder: Path) -> list[Need]:
    """List the outputs that a working copy's locks record.

    Raises:
        PipelineError: DVC did not write a lock.
    """
    return [
        Need(output.md5, output.path, stage, _HERE)
        for path in inventory.LOCKS
        for stage, output in outputs_of(lock_in(folder, path), path)
    ]


def changed_outputs(folder: Path, needs: Sequence[Need]) -> list[Need]:
    """List the outputs that a working copy lacks or has with different content."""
    return [need for need in needs if _found(folder / need.path) != need.name]


def make_dvc_rehash(folder: Path, needs: Sequence[Need]) -> None:
    """Make DVC hash outputs again on its next run, whatever it remembers of them."""
    for need in needs:
        for path in _files(folder / need.path):
            os.utime(path)


def damaged_objects(cache: Path, needs: Sequence[Need]) -> list[Need]:
    """List the objects of outputs whose content in a cache does not match their name.

    The objects of a folder's files are checked only if the folder's list is intact.
    """
    lists = inventory.lists_in(cache, [need.name for need in needs if _sound(cache, need)])
    every = [*needs, *inventory.members(needs, lists)]
    return [need for need in every if _exists(cache, need) and not _sound(cache, need)]


def copies_in(folder: Path, needs: Sequence[Need]) -> dict[str, Path]:
    """Return the files of outputs in a working copy by their MD5."""
    return {md5_of(file): file for need in needs for file in _files(folder / need.path)}


def _found(path: Path) -> str | None:
    """Return DVC's hash of a file or a folder, or ``None`` if the path does not exist."""
    if path.is_dir():
        return folder_hash({str(file.relative_to(path)): md5_of(file) for file in _files(path)})
    return md5_of(path) if path.is_file() else None


def _files(path: Path) -> Iterator[Path]:
    yield from (file for file in [path, *path.rglob("*")] if file.is_file())


def _exists(cache: Path, need: Need) -> bool:
    return object_path(cache, need.name).is_file()


def _sound(cache: Path, need: Need) -> bool:
    return is_intact(need.name, object_path(cache, need.name))
