"""Hash everything that a stage depends on, to detect changes.

DVC hashes dependencies after a stage has run (treeverse/dvc#11058). Without this module, a file
that is edited during the run would be recorded as if the stage had used it.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from stages.shared.digests import md5_of
from stages.shared.guard.declaration import Declaration, read_yaml, value_at
from stages.shared.os_errors import explanation

_MISSING = "missing"


class File(NamedTuple):
    """The state of a file when it was hashed."""

    status: tuple[int, ...]
    """Inode, size, and times of change: while these stay the same, so does the content."""
    md5: str


class Fingerprint(NamedTuple):
    """The state of everything that a stage depends on, at one time."""

    files: Mapping[str, File]
    """Every file by path, including those in folders."""
    parameters: Mapping[str, File]
    """The parameter files."""
    values: Mapping[str, str]
    """Parameters as JSON, by ``PLACE in FILE``."""


def take(declaration: Declaration, earlier: Fingerprint | None = None) -> Fingerprint:
    """Hash what a stage depends on.

    Args:
        declaration: of the stage.
        earlier: files whose status is the same as in this fingerprint are not read again.
    """
    known = earlier.files if earlier else {}
    files = {
        path: _file(path, known.get(path))
        for dependency in declaration.dependencies
        for path in _files(dependency)
    }
    known = earlier.parameters if earlier else {}
    parameters = {name: _file(name, known.get(name)) for name, _ in declaration.parameters}
    if earlier and earlier.parameters == parameters:
        return Fingerprint(files, parameters, earlier.values)
    return Fingerprint(files, parameters, dict(_values(declaration)))


def differences(before: Fingerprint, after: Fingerprint) -> list[str]:
    """Return the sorted names of what differs between two fingerprints."""
    hashes = [
        {path: file.md5 for path, file in one.files.items()} | dict(one.values)
        for one in (before, after)
    ]
    names = sorted(hashes[0].keys() | hashes[1].keys())
    return [name for name in names if hashes[0].get(name) != hashes[1].get(name)]


def recorded_hash(fingerprint: Fingerprint, path: str) -> str:
    """Return the MD5 that DVC records for a file or a folder; for a folder it ends in ``.dir``.

    The MD5 of a folder is that of the JSON list of its files and their MD5, in the order of their
    paths.
    """
    if path in fingerprint.files:
        return fingerprint.files[path].md5
    listed = [
        {"md5": file.md5, "relpath": name.removeprefix(f"{path}/")}
        for name, file in sorted(fingerprint.files.items())
        if name.startswith(f"{path}/")
    ]
    return _md5(json.dumps(listed, sort_keys=True).encode()) + ".dir"


def _files(path: str) -> Iterator[str]:
    """Yield the path itself or, for a folder, every file in it."""
    if not os.path.isdir(path):  # noqa: PTH112  # walked below as text
        yield path
        return
    for folder, folders, names in os.walk(path):
        # DVC ignores it too, because of .dvcignore.
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            yield os.path.join(folder, name)  # noqa: PTH118


def _file(path: str, known: File | None) -> File:
    try:
        status = Path(path).stat()
        # Reading a pipe or a device could block forever.
        if not stat.S_ISREG(status.st_mode):
            return File((), _MISSING)
        signature = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if known and known.status == signature:
            return known
        md5 = md5_of(Path(path))
    except OSError as error:
        # A file that cannot be read is neither missing nor unchanged.
        if explanation(error):
            raise
        return File((), _MISSING)
    return File(signature, md5)


def _values(declaration: Declaration) -> Iterator[tuple[str, str]]:
    contents = {name: read_yaml(Path(name)) for name, _ in declaration.parameters}
    for name, place in declaration.parameters:
        value = value_at(contents[name], place)
        yield f"{place} in {name}", json.dumps(value, sort_keys=True, default=str)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
