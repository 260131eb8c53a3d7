"""Read files, and parse JSON and YAML strictly, from bytes whose size was checked first.

The parsers of Python and YAML accept more than the formats allow: duplicate keys, infinite numbers,
a byte order mark. This module refuses them, so that every reader of a file sees the same content.
"""

import json
import math
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError

from stages.shared.text import printable, without_secrets
from stages.shared.values import (
    MOST_VALUES,
    TOO_DEEP,
    TOO_LONG,
    TOO_MANY,
    FoundError,
    check_events,
    distinct,
    plain,
    quoted,
)

LARGEST = 1 << 24
"""Most bytes of a file to parse, unless its reader sets another limit."""
LARGEST_YAML = 1 << 20
"""Most bytes of a YAML file; a ``dvc.lock`` with a thousand files has about 100 kB."""


class FormatError(ValueError):
    """A clause for an error message, such as "expected a JSON file, found the key a twice"."""


def read_file(path: Path, limit: int = LARGEST) -> bytes:
    """Read a whole file.

    Raises:
        FormatError: it has more bytes than the limit, or is a folder, a device or a pipe.
        OSError: it is missing, or cannot be read.
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
    # Reading a pipe could block forever.
    if not stat.S_ISREG(about.st_mode):
        found = "a folder" if stat.S_ISDIR(about.st_mode) else "a device or a pipe"
        raise FormatError(f"expected a file, found {found}")
    if about.st_size > limit:
        raise FormatError(f"expected at most {limit} bytes, found more")
    return about.st_size


def read_yaml(path: Path) -> Any:
    """Read and parse a YAML file; see ``parse_yaml``.

    Raises:
        FormatError: it cannot be read, is too large, or is not YAML.
    """
    try:
        content = read_file(path, LARGEST_YAML)
    except FileNotFoundError:
        raise FormatError("expected a YAML file, found no such file") from None
    except OSError as error:
        raise FormatError(f"expected a YAML file, found: {error}") from error
    return parse_yaml(content)


def parse_text(content: bytes) -> str:
    """Decode UTF-8 without a byte order mark or zero bytes; ``FormatError`` otherwise."""
    with expecting("a text file"):
        return decoded(content)


def parse_json(content: bytes) -> Any:
    """Parse JSON (RFC 8259) with finite numbers and distinct keys; ``FormatError`` otherwise."""
    with expecting("a JSON file"):
        return plain(_from_json(decoded(content)))


def _from_json(text: str) -> Any:
    # Count before the values take memory; texts can contain these characters too.
    if sum(map(text.count, ",[{")) > 4 * MOST_VALUES:
        raise FoundError(TOO_MANY)
    try:
        return json.loads(
            text,
            object_pairs_hook=distinct,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FoundError(f"a mistake at {place} ({error.msg})") from None
    except RecursionError:
        raise FoundError(TOO_DEEP) from None
    except FoundError:
        raise
    except ValueError:
        # Python limits the number of digits of an integer.
        raise FoundError(TOO_LONG) from None


def parse_yaml(content: bytes) -> Any:
    """Parse one document of YAML 1.2, as DVC does, into values that JSON can hold.

    Integer keys become text. An empty file gives None. Unlike JSON, YAML allows infinity and NaN.

    Raises:
        FormatError: it is too large or malformed, has a duplicate key, or has a value that JSON
            lacks, such as a date.
    """
    if len(content) > LARGEST_YAML:
        raise FormatError(f"expected a YAML file of at most {LARGEST_YAML} bytes, found more")
    with expecting("a YAML file"):
        return _from_yaml(decoded(content))


def _from_yaml(text: str) -> Any:
    try:
        # The parser in C, which DVC uses: ten times as fast as the one in pure Python.
        check_events(YAML(typ="safe").parse(text))
        return plain(YAML(typ="safe").load(text))
    except FoundError:
        raise
    except DuplicateKeyError as error:
        # Its note tells programmers how to allow it.
        key = "".join(str(error.problem).split('"')[1:2])
        raise FoundError(
            f"the key {quoted(key)} twice, at line {error.problem_mark.line + 1}"
        ) from None
    # ruamel.yaml raises its own errors, and many of Python's for unexpected input.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        # Some of its errors quote values.
        raise FoundError(f"a mistake ({printable(without_secrets(reason))[:200]})") from None


@contextmanager
def expecting(what: str) -> Iterator[None]:
    """Raise a ``FoundError`` of the block as a ``FormatError`` that names what was expected."""
    try:
        yield
    except FoundError as error:
        raise FormatError(f"expected {what}, found {error}") from None


def decoded(content: bytes) -> str:
    """Decode UTF-8; raise ``FoundError`` for a byte order mark or a zero byte."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FoundError(f"a byte that is not UTF-8 at offset {error.start}") from None
    if text.startswith("\ufeff"):
        raise FoundError("a byte order mark")
    if "\0" in text:
        raise FoundError(f"a zero byte at offset {content.index(0)}")
    return text


def _refuse_constant(name: str) -> Any:
    raise FoundError(f"the number {name}, which JSON does not allow")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise FoundError(f"the number {digits[:40]}, which is not finite")
    return number
