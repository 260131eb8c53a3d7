"""Parse JSON, YAML and CSV strictly, from bytes whose size was checked first.

The parsers of Python and YAML accept more than the formats allow: duplicate keys, infinite numbers,
a byte order mark. This module refuses them, so that every reader of a file sees the same content.
"""

import csv
import io
import json
import math
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

LARGEST = 1 << 24
"""Most bytes of a file to parse, unless its reader sets another limit."""

_DEEPEST = 64
_TOO_DEEP = f"values nested more than {_DEEPEST} deep"
# Counted after YAML aliases are expanded: a few lines of them can stand for billions of values.
_MOST_VALUES = 1 << 20


class FormatError(ValueError):
    """A clause for an error message, such as "expected a JSON file, found the key a twice"."""


class _FoundError(ValueError):
    """What was found instead of the expected content."""


class Line(NamedTuple):
    """A row of a table."""

    number: int
    """Number of the row's last line in the file; the header's line is 1."""
    cells: tuple[str, ...]


def read_file(path: Path, limit: int = LARGEST) -> bytes:
    """Read a whole file.

    Raises:
        FormatError: it has more bytes than the limit, or is a device or a pipe.
        OSError: it is missing, or is a folder.
    """
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(f"{path} is a folder")
    if not stat.S_ISREG(about.st_mode):
        raise FormatError("expected a regular file, found a device or a pipe")
    with path.open("rb") as file:
        content = file.read(min(about.st_size, limit) + 1)
    if len(content) > limit:
        raise FormatError(f"expected at most {limit} bytes, found more")
    return content


def parse_text(content: bytes) -> str:
    """Decode UTF-8 without a byte order mark or zero bytes; ``FormatError`` otherwise."""
    with _expecting("a text file"):
        return _text(content)


def parse_json(content: bytes) -> Any:
    """Parse JSON (RFC 8259) with finite numbers and distinct keys; ``FormatError`` otherwise."""
    with _expecting("a JSON file"):
        return _plain(_from_json(_text(content)))


def _from_json(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_distinct,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _FoundError(f"a mistake at {place} ({error.msg})") from None
    except RecursionError:
        raise _FoundError(_TOO_DEEP) from None
    except _FoundError:
        raise
    except ValueError:
        # Python limits the number of digits of an integer.
        raise _FoundError("a whole number of thousands of digits") from None


def parse_yaml(content: bytes) -> Any:
    """Parse one document of YAML 1.2, as DVC does, into values that JSON can hold.

    Integer keys become text. An empty file gives None. Unlike JSON, YAML allows infinity and NaN.

    Raises:
        FormatError: it is malformed, has a duplicate key, or has a value that JSON lacks, such as a
            date.
    """
    with _expecting("a YAML file"):
        return _from_yaml(_text(content))


def _from_yaml(text: str) -> Any:
    try:
        _check_depth(text)
        return _plain(YAML(typ="safe", pure=True).load(text))
    except _FoundError:
        raise
    # ruamel.yaml raises its own errors, and many of Python's for unexpected input.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise _FoundError(f"a mistake ({reason[:200]})") from None


def parse_table(content: bytes) -> tuple[tuple[str, ...], list[Line]]:
    """Parse CSV (RFC 4180) into a header and rows, where each row has one cell for each column.

    Raises:
        FormatError: there is no header, it repeats a column, a row has more or fewer cells, or a
            quote is not closed.
    """
    with _expecting("a CSV file"):
        header, *lines = _lines(_text(content)) or [Line(1, ())]
        if not header.cells:
            raise _FoundError("no header")
        if twice := _first_repeated(header.cells):
            raise _FoundError(f"the column {_quoted(twice)} twice")
        for number, cells in lines:
            if len(cells) != len(header.cells):
                raise _FoundError(f"{len(cells)} of {len(header.cells)} cells at line {number}")
    return header.cells, lines


def _lines(text: str) -> list[Line]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [Line(rows.line_num, tuple(row)) for row in rows]
    except csv.Error as error:
        raise _FoundError(f"a mistake at line {rows.line_num} ({error})") from None


@contextmanager
def _expecting(what: str) -> Iterator[None]:
    try:
        yield
    except _FoundError as error:
        raise FormatError(f"expected {what}, found {error}") from None


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _FoundError(f"a byte that is not UTF-8 at offset {error.start}") from None
    if text.startswith("\ufeff"):
        raise _FoundError("a byte order mark")
    if "\0" in text:
        raise _FoundError(f"a zero byte at offset {content.index(0)}")
    return text


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if twice := _first_repeated(name for name, _ in pairs):
        raise _FoundError(f"the key {_quoted(twice)} twice")
    return dict(pairs)


def _first_repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _quoted(text: str) -> str:
    return json.dumps(text[:40])


def _refuse_constant(name: str) -> Any:
    raise _FoundError(f"the number {name}, which JSON has not")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _FoundError(f"the number {digits[:40]}, which is not finite")
    return number


def _check_depth(text: str) -> None:
    """Refuse deep nesting first: ruamel.yaml would take minutes to load it."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _DEEPEST:
            raise _FoundError(_TOO_DEEP)


def _plain(value: Any) -> Any:
    """Return a copy of a value with types that JSON can hold."""
    return _copied(value, iter(range(_MOST_VALUES)), _DEEPEST)


def _copied(value: Any, budget: Iterator[int], depth: int) -> Any:
    if next(budget, None) is None:
        raise _FoundError(f"more than {_MOST_VALUES} values")
    if isinstance(value, dict | list) and not depth:
        raise _FoundError(_TOO_DEEP)
    if isinstance(value, dict):
        return _distinct(
            [(_key(key), _copied(item, budget, depth - 1)) for key, item in value.items()]
        )
    if isinstance(value, list):
        return [_copied(item, budget, depth - 1) for item in value]
    if isinstance(value, str):
        return _encodable(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise _FoundError(f"a value of the type {type(value).__name__}, which JSON has not")


def _key(key: object) -> str:
    if isinstance(key, str | int) and not isinstance(key, bool):
        return _encodable(str(key))
    raise _FoundError(f"the key {_quoted(str(key))}, which is no text")


def _encodable(text: str) -> str:
    """Return ``text``; refuse half of a surrogate pair, which no UTF-8 file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _FoundError(f"the text {_quoted(text)}, which is not Unicode") from None
    return text
