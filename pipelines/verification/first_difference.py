"""Describe where the contents of two artifacts first differ, in the terms of their formats.

Nothing that this module reads can execute code: arrays are loaded without pickle.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from stages.shared.formats import parse_json, read_file
from stages.shared.tables import parse_table

Array = np.ndarray[Any, Any]

# Characters of a line to quote on each side of a difference.
_QUOTED = 40
# Maximum size in bytes for comparing lines or cells; larger files are compared by bytes.
_LARGEST = 1 << 26
_PIECE = 1 << 20


def first_difference(recorded: Path, found: Path) -> str:
    """Return where two artifacts first differ, and both values there.

    Args:
        recorded: a file or a folder; its suffix names its format.
        found: the other one, which has different content.
    """
    if recorded.is_dir() and found.is_dir():
        return _of_folders(recorded, found)
    if recorded.is_dir() or found.is_dir():
        return "one is a file, the other a folder"
    read = _READERS.get(recorded.suffix, _of_texts)
    try:
        difference = read(recorded, found)
    except ValueError:
        # The content does not match the suffix, or is too large.
        difference = None
    return difference or _of_bytes(recorded, found)


def files_of(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by their paths below it, in order."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: found[name] for name in sorted(found) if found[name].is_file()}


def leaves(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield each value in parsed JSON that contains no other value, after its place."""
    items: list[tuple[object, Any]]
    if isinstance(value, dict) and value:
        items = list(value.items())
    elif isinstance(value, list) and value:
        items = list(enumerate(value))
    else:
        yield place, value
        return
    for name, inner in items:
        yield from leaves(inner, f"{place}.{name}" if place else str(name))


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a CSV file as text, row by row; raise ``ValueError`` if it is not one."""
    header, lines = parse_table(read_file(path, _LARGEST))
    return [dict(zip(header, line.cells, strict=True)) for line in lines]


def arrays_of(path: Path) -> Mapping[str, Array]:
    """Read a file of arrays, by their names; the array of a ``.npy`` has an empty name.

    Raises:
        ValueError: it is not a file of arrays.
    """
    try:
        if path.suffix == ".npy":
            # Unlike numpy.load, this rejects an archive of arrays.
            return {"": np.lib.format.open_memmap(path, mode="r")}
        return safetensors.numpy.load_file(path)
    # Both libraries raise many of Python's exceptions for an unexpected header.
    except Exception as error:
        raise ValueError(" ".join(str(error).split())) from None


def _of_folders(recorded: Path, found: Path) -> str:
    before, after = files_of(recorded), files_of(found)
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            return f"{name}: recorded, not made here"
        if name not in before:
            return f"{name}: made here, not recorded"
        if before[name].read_bytes() != after[name].read_bytes():
            return f"{name}: {first_difference(before[name], after[name])}"
    return "the same files"


def _of_json(recorded: Path, found: Path) -> str | None:
    before, after = (dict(leaves(parse_json(read_file(path)))) for path in (recorded, found))
    for place in [*before, *(place for place in after if place not in before)]:
        if place not in after or place not in before or before[place] != after[place]:
            values = (
                json.dumps(side[place], ensure_ascii=False) if place in side else "nothing"
                for side in (before, after)
            )
            return _both(place or "the whole", *values)
    return _of_texts(recorded, found)


def _of_csv(recorded: Path, found: Path) -> str | None:
    tables = (parse_table(read_file(path, _LARGEST)) for path in (recorded, found))
    rows = [[header, *(line.cells for line in lines)] for header, lines in tables]
    header = rows[0][0]
    for number, (before, after) in enumerate(zip_longest(*rows), 1):
        if before is None or after is None:
            values = ("nothing" if row is None else ",".join(row) for row in (before, after))
            return _both(f"line {number}", *values)
        for place, cells in enumerate(zip_longest(before, after, fillvalue="nothing")):
            if cells[0] != cells[1]:
                column = header[place] if place < len(header) else place + 1
                return _both(f"line {number}, {column}", *cells)
    return None


def _of_texts(recorded: Path, found: Path) -> str | None:
    lines = (read_file(path, _LARGEST).decode("utf-8").splitlines() for path in (recorded, found))
    for number, (before, after) in enumerate(zip_longest(*lines), 1):
        if before is None or after is None:
            values = ("nothing" if line is None else _about(line, 0) for line in (before, after))
            return _both(f"line {number}", *values)
        if before != after:
            place = _first_different_index(before, after)
            return _both(f"line {number}", _about(before, place), _about(after, place))
    return None


def _of_arrays(recorded: Path, found: Path) -> str | None:
    before, after = arrays_of(recorded), arrays_of(found)
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            sides = ("nothing" if name not in side else "a tensor" for side in (before, after))
            return _both(name, *sides)
        if difference := _of_pair(name, before[name], after[name]):
            return difference
    return None


def _of_pair(name: str, before: Array, after: Array) -> str | None:
    kinds = [f"{array.dtype} {list(array.shape)}" for array in (before, after)]
    if kinds[0] != kinds[1]:
        return _both(name or "array", *kinds)
    # Compare bits, so that NaN equals NaN and 0 differs from -0.
    bits = [np.frombuffer(array.tobytes(), np.uint8) for array in (before, after)]
    different = np.flatnonzero(bits[0] != bits[1])
    if not len(different):
        return None
    place = np.unravel_index(different[0] // before.dtype.itemsize, before.shape)
    index = f"{name}[{', '.join(map(str, place))}]"
    return _both(index, str(before[place]), str(after[place]))


def _of_bytes(recorded: Path, found: Path) -> str:
    """Compare in pieces, because files may be larger than memory."""
    begin = 0
    with recorded.open("rb") as one, found.open("rb") as other:
        while True:
            before, after = one.read(_PIECE), other.read(_PIECE)
            if before != after:
                break
            if not before:
                return "the same bytes"
            begin += len(before)
    place = _first_different_index(before, after)
    sides = (f"0x{side[place]:02x}" if place < len(side) else "the end" for side in (before, after))
    return _both(f"byte {begin + place}", *sides)


def _first_different_index(before: Any, after: Any) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    shorter = min(len(before), len(after))
    return next((place for place, (one, other) in pairs if one != other), shorter)


def _about(line: str, place: int) -> str:
    begin, end = max(0, place - _QUOTED), place + _QUOTED
    return f"{'…' if begin else ''}{line[begin:end]}{'…' if end < len(line) else ''}"


def _both(place: str, recorded: str, found: str) -> str:
    return f"{place}: recorded {recorded}, here {found}"


_READERS = {
    ".json": _of_json,
    ".csv": _of_csv,
    ".npy": _of_arrays,
    ".safetensors": _of_arrays,
}
