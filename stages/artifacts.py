"""Read and write artifacts: whole or not at all, and the same bytes for the same content."""

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy

from stages.errors import UserError
from stages.formats import FormatError, parse_json, parse_table, read_file

Array = np.ndarray[Any, Any]
Content = TypeVar("Content")

# Bytes of a JSON or CSV file: a table of half a million answers in ten classes.
_LARGEST = 1 << 26


class ArtifactError(UserError):
    """An artifact is missing or is not what its reader needs."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its place when the block ends well.

    When the block raises, the temporary file is removed and what stood at ``path`` still stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes files private; an artifact gets the mode of any other new file.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` in UTF-8 with Unix line ends."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as JSON, keys in the order given; ``ValueError`` for NaN or infinity."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write ``table`` as CSV without its index, floats with 6 significant digits."""
    write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def write_array(path: Path, array: Array) -> None:
    """Write one array as ``.npy``, so that it can be memory-mapped."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_tensors(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write named arrays as safetensors, which holds numbers and names and nothing to execute."""
    contiguous = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(contiguous))


def read(path: Path, parse: Callable[[bytes], Content], expected: str = "a file") -> Content:
    """Read an artifact by a function of its bytes.

    Raises:
        ArtifactError: it is missing or too large, or the function raises ``ValueError``.
    """
    try:
        return parse(read_file(path, _LARGEST))
    except (OSError, ValueError) as error:
        raise _unreadable(path, expected, error) from None


def read_json(path: Path) -> Any:
    """Read a JSON artifact; ``ArtifactError`` if it is missing or is not JSON."""
    return read(path, parse_json, "a JSON file")


def read_table(path: Path, texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV artifact; ``ArtifactError`` if it is missing or is not CSV.

    Columns among ``texts`` stay what stands in the file, though they look like numbers; with any
    of them, nothing in the file stands for a missing value.
    """

    def parse(content: bytes) -> pd.DataFrame:
        # pandas fills up short rows, and renames a column that is there twice.
        parse_table(content)
        types = dict.fromkeys(texts, str)
        return pd.read_csv(io.BytesIO(content), dtype=types, keep_default_na=not texts)

    return read(path, parse, "a CSV file")


def read_array(path: Path) -> Array:
    """Memory-map a ``.npy`` artifact, read-only; ``ArtifactError`` if it is missing or damaged."""
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, "a .npy array", error) from error
    return array


def read_tensors(path: Path) -> dict[str, Array]:
    """Read named arrays from safetensors; ``ArtifactError`` if it is missing or damaged."""
    try:
        return dict(safetensors.numpy.load_file(path))
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise _unreadable(path, "a safetensors file", error) from error


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _unreadable(path: Path, expected: str, error: Exception) -> ArtifactError:
    found = "no such file" if isinstance(error, FileNotFoundError) else " ".join(str(error).split())
    said = found if isinstance(error, FormatError) else f"expected {expected}, found: {found}"
    return ArtifactError(f"{path}: {said.rstrip('.')}; run `dvc repro` to make it again.")
