"""Parse CSV strictly, from bytes whose size was checked first."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stages.shared.formats import decoded, expecting
from stages.shared.values import FoundError, first_repeated, quoted

# Half a million answers in ten classes have 7 million cells.
_MOST_ROWS = 1 << 20
_MOST_CELLS = 1 << 23
_LONGEST_LINE = 1 << 20


class Line(NamedTuple):
    """A row of a table."""

    number: int
    """Number of the row's last line in the file; the header's line is 1."""
    cells: tuple[str, ...]


def parse_table(content: bytes) -> tuple[tuple[str, ...], list[Line]]:
    """Parse CSV (RFC 4180) into a header and rows, where each row has one cell for each column.

    Raises:
        FormatError: there is no header, it repeats a column, a row has more or fewer cells, a quote
            is not closed, or there are too many cells.
    """
    with expecting("a CSV file"):
        lines = _lines(decoded(content))
        header = next(lines, Line(1, ())).cells
        if not header:
            raise FoundError("no header")
        if (twice := first_repeated(header)) is not None:
            raise FoundError(f"the column {quoted(twice)} twice")
        found: list[Line] = []
        for line in lines:
            if len(line.cells) != len(header):
                raise FoundError(f"{len(line.cells)} of {len(header)} cells at line {line.number}")
            # Each takes many times the memory of its text.
            if len(found) >= min(_MOST_ROWS, _MOST_CELLS // len(header)):
                raise FoundError(f"more than {len(found)} rows of {len(header)} cells")
            found.append(line)
    return header, found


def _lines(text: str) -> Iterator[Line]:
    rows = csv.reader(_short(io.StringIO(text, newline="")), strict=True)
    try:
        for row in rows:
            yield Line(rows.line_num, tuple(row))
    except csv.Error as error:
        raise FoundError(f"a mistake at line {rows.line_num} ({error})") from None


def _short(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > _LONGEST_LINE:
            raise FoundError(f"more than {_LONGEST_LINE} characters at line {number}")
        yield line
