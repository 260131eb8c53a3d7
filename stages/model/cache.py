"""Files that a training keeps for a later run: each holds a digest, and none is relied upon."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from stages import artifacts
from stages.artifacts import Array
from stages.errors import UserError
from stages.formats import FormatError, parse_json, read_file

_DIGEST = "sha256"
# Of a file of values.
_MAXIMUM_BYTES = 1 << 20


class DamagedError(UserError):
    """A file is not what was kept there."""


def keep(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write named arrays with a digest of them and of the file's name.

    A later run can do without them: where they cannot be written, a line says why.
    """
    signed = _signed(path, digest_of(tensors))
    _write(path, lambda: artifacts.write_tensors(path, tensors, {_DIGEST: signed}))


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
    _check(path, metadata.get(_DIGEST), digest_of(tensors))
    return tensors


def keep_values(path: Path, values: Mapping[str, float | str]) -> None:
    """Write named values as JSON, with a digest as ``keep`` has one."""
    signed = _signed(path, _digest_of_values(values))
    _write(path, lambda: artifacts.write_json(path, {**values, _DIGEST: signed}))


def kept_values(path: Path) -> dict[str, Any] | None:
    """Read what ``keep_values`` wrote; nothing if there is no such file.

    Raises:
        DamagedError: it is not the very file that was written there.
    """
    if not os.path.lexists(path):
        return None
    try:
        values = parse_json(read_file(path, _MAXIMUM_BYTES))
    except FormatError as error:
        raise DamagedError(f"{path}: {error}") from error
    except OSError as error:
        raise DamagedError(f"{path}: expected a JSON file, found: {error}") from error
    signed = values.pop(_DIGEST, None) if isinstance(values, dict) else None
    _check(path, signed, _digest_of_values(values))
    found_values: dict[str, Any] = values
    return found_values


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


def _write(path: Path, write: Callable[[], None]) -> None:
    try:
        make_way(path)
        write()
    except OSError as error:
        say(f"going on without {path}, which cannot be written: {error.strerror or error}")


def _check(path: Path, signed: object, digest: str) -> None:
    if signed != _signed(path, digest):
        raise DamagedError(f"{path}: expected the content that its digest is of, found another")


def _digest_of_values(values: object) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _signed(path: Path, digest: str) -> str:
    """Give the digest of content under a name, so that it is of no use under another."""
    return hashlib.sha256(f"{path.name} {digest}".encode()).hexdigest()
