"""Files that a training keeps for a later run: each holds a digest, and none is relied upon."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stages import artifacts
from stages.artifacts import Array
from stages.errors import UserError

_DIGEST = "sha256"


class DamagedError(UserError):
    """A file is not what was kept there."""


def keep(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write named arrays with a digest of them and of the file's name.

    A later run can do without them: where they cannot be written, a line says why.
    """
    try:
        make_way(path)
        artifacts.write_tensors(path, tensors, {_DIGEST: _signed(path, tensors)})
    except OSError as error:
        say(f"going on without {path}, which cannot be written: {error.strerror or error}")


def kept(path: Path, maximum_bytes: int) -> dict[str, Array] | None:
    """Read what ``keep`` wrote; nothing if there is no such file.

    Args:
        path: of the file.
        maximum_bytes: more than it can have; a larger one is refused before it is read.

    Raises:
        DamagedError: it is not the very file that was written there.
    """
    if not os.path.lexists(path):
        return None
    try:
        tensors, metadata = artifacts.tensors_and_metadata(path, maximum_bytes)
    except artifacts.UNREADABLE as error:
        raise DamagedError(
            f"{path}: expected a safetensors file, found: {artifacts.finding(error)}"
        ) from error
    if metadata.get(_DIGEST) != _signed(path, tensors):
        raise DamagedError(f"{path}: expected the content that its digest is of, found another")
    return tensors


def make_way(path: Path) -> None:
    """Move aside what keeps a file from being written: a folder there, or a file for its folder.

    Raises:
        OSError: it cannot be moved.
    """
    folder = next(above for above in path.parents if os.path.lexists(above))
    for place, is_in_the_way in (
        (folder, not folder.is_dir()),
        (path, path.is_dir() and not path.is_symlink()),
    ):
        if is_in_the_way:
            aside = Path(
                tempfile.mkdtemp(prefix=f"{place.name}.", suffix=".aside", dir=place.parent)
            )
            place.rename(aside / place.name)
            say(f"moved {place} to {aside}, since it was in the way of {path}")


def digest_of(arrays: Mapping[str, Array]) -> str:
    """Hash names, dtypes, shapes and bytes: SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def say(line: str) -> None:
    """Write a line to standard error, above the progress bar if there is one."""
    tqdm.write(line, file=sys.stderr)


def _signed(path: Path, tensors: Mapping[str, Array]) -> str:
    """Give the digest of content under a name, so that it is of no use under another."""
    return hashlib.sha256(f"{path.name} {digest_of(tensors)}".encode()).hexdigest()
