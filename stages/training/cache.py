"""Keep files of a training for a later run: each has a digest, and no run depends on them."""

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

from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.shared.blocks import blocks
from stages.shared.errors import UserError
from stages.shared.formats import FormatError, parse_json, read_file
from stages.shared.parts import remove_parts

_DIGEST = "sha256"
# Largest file of values.
_MAXIMUM_BYTES = 1 << 20


class DamagedError(UserError):
    """A file is not what was kept there."""


def keep(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write named arrays with a digest of the arrays and the file's name.

    If the file cannot be written, report that and go on: a later run does not need it.
    """
    signed = _signed(path, digest_of(tensors))
    _write(path, lambda: artifacts.write_tensors(path, tensors, {_DIGEST: signed}))


def kept(path: Path, maximum_bytes: int) -> dict[str, Array] | None:
    """Read what ``keep`` wrote; None if there is no such file.

    Args:
        path: of the file.
        maximum_bytes: a larger file is refused before it is read.

    Raises:
        DamagedError: the file is not the one that was written there.
    """
    if not os.path.lexists(path):
        return None
    try:
        tensors, metadata = artifacts.tensors_and_metadata(path, maximum_bytes)
    except FormatError as error:
        raise DamagedError(f"{path}: {error}") from error
    except artifacts.UNREADABLE as error:
        raise DamagedError(
            f"{path}: expected a safetensors file, found: {artifacts.finding(error)}"
        ) from error
    _check(path, metadata.get(_DIGEST), digest_of(tensors))
    return tensors


def keep_values(path: Path, values: Mapping[str, float | str]) -> None:
    """Write named values as JSON, with a digest as in ``keep``."""
    signed = _signed(path, _digest_of_values(values))
    _write(path, lambda: artifacts.write_json(path, {**values, _DIGEST: signed}))


def kept_values(path: Path) -> dict[str, Any] | None:
    """Read what ``keep_values`` wrote; None if there is no such file.

    Raises:
        DamagedError: the file is not the one that was written there.
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
    """Move aside what blocks a file's path: a folder in its place, or a file in its folder's.

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
            log(f"moved {place} to {aside}, since it was in the way of {path}")


def digest_of(arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256, in hexadecimal, of names, dtypes, shapes and bytes."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        rows = np.atleast_1d(array)
        for block in blocks(rows):
            digest.update(np.ascontiguousarray(rows[block]).data)
    return digest.hexdigest()


def digest_of_rows(array: Array, rows: Array) -> str:
    """Return the SHA-256, in hexadecimal, of some rows of an array, which may be memory-mapped."""
    digest = hashlib.sha256(json.dumps([array.dtype.str, len(rows), array.shape[1:]]).encode())
    for block in blocks(array, len(rows)):
        digest.update(np.ascontiguousarray(array[rows[block]]).data)
    return digest.hexdigest()


def log(line: str) -> None:
    """Write a line to standard error, above the progress bar if there is one."""
    tqdm.write(line, file=sys.stderr)


def _write(path: Path, write: Callable[[], None]) -> None:
    try:
        make_way(path)
        remove_parts(path)
        write()
    except OSError as error:
        log(f"continuing without {path}, which cannot be written: {error.strerror or error}")


def _check(path: Path, signed: object, digest: str) -> None:
    if signed != _signed(path, digest):
        raise DamagedError(f"{path}: expected content that matches its digest, found other content")


def _digest_of_values(values: object) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _signed(path: Path, digest: str) -> str:
    """Return a digest of content and file name, so that a renamed file is not valid."""
    return hashlib.sha256(f"{path.name} {digest}".encode()).hexdigest()
