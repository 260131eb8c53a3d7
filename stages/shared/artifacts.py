"""Read and write artifacts: complete or not at all, with the same bytes for the same content."""

import io
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy

from stages.shared.blocks import blocks
from stages.shared.errors import UserError
from stages.shared.formats import FormatError, check_file, parse_json, read_file
from stages.shared.os_errors import writing
from stages.shared.parts import new_part
from stages.shared.tables import parse_table
from stages.shared.text import printable

Array = np.ndarray[Any, Any]
UNREADABLE = (OSError, ValueError, safetensors.SafetensorError, TypeError, AttributeError)
"""Errors that reading safetensors raises; the last two for dtypes that NumPy lacks."""
Content = TypeVar("Content")

# Largest JSON or CSV file, in bytes: enough for half a million answers in ten classes.
_LARGEST = 1 << 26
# Largest file of one array, which is mapped and takes no memory by itself.
_LARGEST_ARRAY = 1 << 40
# Largest safetensors file. TensorFlow Lite's format, which the weights are exported to, has the
# same limit.
_LARGEST_TENSORS = 1 << 31
# Characters of a header of .npy, which is a Python expression; those of this project have 128.
_LONGEST_HEADER = 1000
_LONGEST_FINDING = 300


class ArtifactError(UserError):
    """An artifact is missing, or its reader cannot use it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, and move it to ``path`` if the block succeeds.

    If the block raises, remove the temporary file and leave ``path`` unchanged. After a power loss
    ``path`` holds either the complete old file or the complete new one.

    Raises:
        WriteError: the disk is full, or the operating system refuses in another way.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = new_part(path)
        os.close(descriptor)
        try:
            yield temporary
            # mkstemp makes files private; give the artifact the mode of any other new file.
            temporary.chmod(0o666 & ~_umask())
            # Without this, the new name may reach the disk before the content does.
            _flush(temporary)
            temporary.replace(path)
            # Not every file system can flush a folder; there the new name reaches the disk later.
            with suppress(OSError):
                _flush(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a complete file."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` in UTF-8 with Unix line endings."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as JSON, keys in the given order; ``ValueError`` for NaN or infinity."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write ``table`` as CSV without its index, floats with 6 significant digits."""
    write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def write_array(path: Path, array: Array) -> None:
    """Write one array as ``.npy``, which can be memory-mapped.

    The array may be memory-mapped itself, and have any byte order.
    """
    if array.dtype.hasobject:
        raise ValueError(f"expected an array of numbers, found {array.dtype}")
    dtype = array.dtype.newbyteorder("=")
    header = {"descr": dtype.str, "fortran_order": False, "shape": array.shape}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks(array):
            file.write(np.ascontiguousarray(array[block], dtype).data)


def write_tensors(
    path: Path, tensors: Mapping[str, Array], metadata: dict[str, str] | None = None
) -> None:
    """Write named arrays as safetensors, a format that contains no executable code."""
    contiguous = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(contiguous, metadata))


def read(
    path: Path,
    parse: Callable[[bytes], Content],
    expected: str = "a file",
    maximum_bytes: int = _LARGEST,
) -> Content:
    """Read an artifact and parse its bytes.

    Raises:
        ArtifactError: the file is missing or too large, or ``parse`` raises ``ValueError``.
    """
    try:
        return parse(read_file(path, maximum_bytes))
    except (OSError, ValueError) as error:
        raise _unreadable(path, expected, error) from error


def read_json(path: Path, maximum_bytes: int = _LARGEST) -> Any:
    """Read a JSON artifact; ``ArtifactError`` if it is missing, too large or not JSON."""
    return read(path, parse_json, "a JSON file", maximum_bytes)


def read_table(path: Path, texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV artifact; ``ArtifactError`` if it is missing or is not CSV.

    Columns in ``texts`` stay text, even if they look like numbers. If ``texts`` names any column,
    no cell of the file is read as a missing value.
    """

    def parse(content: bytes) -> pd.DataFrame:
        # pandas pads short rows and renames duplicate columns, so check for both first.
        parse_table(content)
        types = dict.fromkeys(texts, str)
        return pd.read_csv(io.BytesIO(content), dtype=types, keep_default_na=not texts)

    return read(path, parse, "a CSV file")


def read_array(path: Path) -> Array:
    """Memory-map a ``.npy`` artifact of numbers, read-only.

    Raises:
        ArtifactError: the file is missing, damaged or too large.
    """
    try:
        return _mapped(path)
    # NumPy raises many of Python's errors for a damaged header.
    except Exception as error:
        raise _unreadable(path, "a .npy array", error) from error


def read_tensors(path: Path) -> dict[str, Array]:
    """Read named arrays from safetensors; ``ArtifactError`` if it is missing or damaged."""
    try:
        return tensors_and_metadata(path, _LARGEST_TENSORS)[0]
    except UNREADABLE as error:
        raise _unreadable(path, "a safetensors file", error) from error


def tensors_and_metadata(
    path: Path, maximum_bytes: int = sys.maxsize
) -> tuple[dict[str, Array], dict[str, str]]:
    """Read named arrays and their metadata.

    Raises:
        UNREADABLE: the file is missing, damaged or larger than ``maximum_bytes``.
    """
    check_file(path, maximum_bytes)
    with safetensors.safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - no dict


def finding(error: Exception) -> str:
    """Return in one line why a file could not be read."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return printable(" ".join(str(error).split()).rstrip(".")[:_LONGEST_FINDING]) or "damage"


def _flush(path: Path) -> None:
    """Flush a file's content, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mapped(path: Path) -> Array:
    check_file(path, _LARGEST_ARRAY)
    with warnings.catch_warnings():
        # NumPy only warns of a header of Python 2 and of a size that overflows.
        warnings.simplefilter("error")
        array = np.lib.format.open_memmap(path, mode="r", max_header_size=_LONGEST_HEADER)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"values of the type {array.dtype}")
    size, expected = path.stat().st_size, array.offset + array.nbytes
    if size != expected:
        raise ValueError(f"{size:,} bytes, but a header of {expected:,}")
    return array


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _unreadable(path: Path, expected: str, error: Exception) -> ArtifactError:
    found = finding(error)
    reason = found if isinstance(error, FormatError) else f"expected {expected}, found: {found}"
    return ArtifactError(f"{path}: {reason}; run `dvc repro` to make it again.")
