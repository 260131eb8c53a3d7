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
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    NodeEvent,
)

from stages.shared.text import printable, without_secrets

LARGEST = 1 << 24
"""Most bytes of a file to parse, unless its reader sets another limit."""
LARGEST_YAML = 1 << 20
"""Most bytes of a YAML file; a ``dvc.lock`` with a thousand files has about 100 kB."""

# Most characters for the parser in pure Python, which takes a second for them.
_LARGEST_PURE = 1 << 15

_DEEPEST = 64
_TOO_DEEP = f"values nested more than {_DEEPEST} deep"
# Counted after YAML aliases are expanded: a few lines of them can stand for billions of values.
_MOST_VALUES = 1 << 18
# Bits. Python refuses to write integers of more than 4,300 digits, but reads hexadecimal ones.
_LONGEST_INTEGER = 1 << 13
_TOO_LONG = "a whole number of thousands of digits"
_TOO_MANY = f"more than {_MOST_VALUES} values"
# A CSV file: half a million answers in ten classes have 7 million cells.
_MOST_ROWS = 1 << 20
_MOST_CELLS = 1 << 23
_LONGEST_LINE = 1 << 20


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
    size = check_file(path, limit)
    with path.open("rb") as file:
        content = file.read(size + 1)
    if len(content) > limit:
        raise FormatError(f"expected at most {limit} bytes, found more")
    return content


def check_file(path: Path, limit: int = LARGEST) -> int:
    """Return the size of a file that is about to be read; for the errors see ``read_file``."""
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(f"{path} is a folder")
    if not stat.S_ISREG(about.st_mode):
        raise FormatError("expected a regular file, found a device or a pipe")
    if about.st_size > limit:
        raise FormatError(f"expected at most {limit} bytes, found more")
    return about.st_size


def parse_text(content: bytes) -> str:
    """Decode UTF-8 without a byte order mark or zero bytes; ``FormatError`` otherwise."""
    with _expecting("a text file"):
        return _text(content)


def parse_json(content: bytes) -> Any:
    """Parse JSON (RFC 8259) with finite numbers and distinct keys; ``FormatError`` otherwise."""
    with _expecting("a JSON file"):
        return _plain(_from_json(_text(content)))


def _from_json(text: str) -> Any:
    # Count before the values take memory; texts can contain these characters too.
    if sum(map(text.count, ",[{")) > 4 * _MOST_VALUES:
        raise _FoundError(_TOO_MANY)
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
        raise _FoundError(_TOO_LONG) from None


def parse_yaml(content: bytes) -> Any:
    """Parse one document of YAML 1.2, as DVC does, into values that JSON can hold.

    Integer keys become text. An empty file gives None. Unlike JSON, YAML allows infinity and NaN.

    Raises:
        FormatError: it is too large or malformed, has a duplicate key, or has a value that JSON
            lacks, such as a date.
    """
    if len(content) > LARGEST_YAML:
        raise FormatError(f"expected a YAML file of at most {LARGEST_YAML} bytes, found more")
    with _expecting("a YAML file"):
        return _from_yaml(_text(content))


def _from_yaml(text: str) -> Any:
    try:
        try:
            return _loaded(text, pure=False)
        except YAMLError:
            if len(text) > _LARGEST_PURE:
                raise
            return _loaded(text, pure=True)
    except _FoundError:
        raise
    # ruamel.yaml raises its own errors, and many of Python's for unexpected input.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        # Some of its errors quote values.
        raise _FoundError(f"a mistake ({printable(without_secrets(reason))[:200]})") from None


def _loaded(text: str, *, pure: bool) -> Any:
    """Load YAML with the parser in C, which DVC uses, or in pure Python.

    The one in C is ten times as fast, but refuses a colon within flow style: ``{url: http://host}``.
    """
    _check_values(YAML(typ="safe", pure=pure).parse(text))
    return _plain(YAML(typ="safe", pure=pure).load(text))


def parse_table(content: bytes) -> tuple[tuple[str, ...], list[Line]]:
    """Parse CSV (RFC 4180) into a header and rows, where each row has one cell for each column.

    Raises:
        FormatError: there is no header, it repeats a column, a row has more or fewer cells, a quote
            is not closed, or there are too many cells.
    """
    with _expecting("a CSV file"):
        lines = _lines(_text(content))
        header = next(lines, Line(1, ())).cells
        if not header:
            raise _FoundError("no header")
        if (twice := _first_repeated(header)) is not None:
            raise _FoundError(f"the column {_quoted(twice)} twice")
        found: list[Line] = []
        for line in lines:
            if len(line.cells) != len(header):
                raise _FoundError(f"{len(line.cells)} of {len(header)} cells at line {line.number}")
            # Each takes many times the memory of its text.
            if len(found) >= min(_MOST_ROWS, _MOST_CELLS // len(header)):
                raise _FoundError(f"more than {len(found)} rows of {len(header)} cells")
            found.append(line)
    return header, found


def _lines(text: str) -> Iterator[Line]:
    rows = csv.reader(_short(io.StringIO(text, newline="")), strict=True)
    try:
        for row in rows:
            yield Line(rows.line_num, tuple(row))
    except csv.Error as error:
        raise _FoundError(f"a mistake at line {rows.line_num} ({error})") from None


def _short(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > _LONGEST_LINE:
            raise _FoundError(f"more than {_LONGEST_LINE} characters at line {number}")
        yield line


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
    if (twice := _first_repeated(name for name, _ in pairs)) is not None:
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


def _check_values(events: Iterable[Event]) -> None:
    """Refuse deep nesting and too many values before they take minutes and memory to construct."""
    total = 0
    above: list[tuple[str | None, int]] = []  # the anchor and the number of each open collection
    sizes: dict[str, int] = {}
    for event in events:
        if isinstance(event, CollectionEndEvent):
            anchor, first = above.pop()
            if anchor:
                sizes[anchor] = total - first
        elif isinstance(event, AliasEvent):
            if event.anchor in {anchor for anchor, _ in above}:
                raise _FoundError(_TOO_DEEP)
            total += sizes.get(event.anchor, 1)
        elif isinstance(event, NodeEvent):
            if isinstance(event, CollectionStartEvent):
                above.append((event.anchor, total))
            elif event.anchor:
                sizes[event.anchor] = 1
            total += 1
        if len(above) > _DEEPEST:
            raise _FoundError(_TOO_DEEP)
        if total > _MOST_VALUES:
            raise _FoundError(_TOO_MANY)


def _plain(value: Any) -> Any:
    """Return a copy of a value with types that JSON can hold."""
    return _copied(value, iter(range(_MOST_VALUES)), _DEEPEST)


def _copied(value: Any, budget: Iterator[int], depth: int) -> Any:
    if next(budget, None) is None:
        raise _FoundError(_TOO_MANY)
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
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER:
        raise _FoundError(_TOO_LONG)
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
