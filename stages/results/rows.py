"""Validate the rows of recorded tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stages.shared.formats import FormatError
from stages.shared.tables import Line, parse_table
from stages.shared.validation import sentences

AnySection = TypeVar("AnySection", bound=BaseModel)


def validated(section: type[AnySection], value: Any, place: Sequence[str] = ()) -> AnySection:
    """Validate a value of JSON's types as a model.

    Args:
        section: the model.
        value: of its form.
        place: names that lead to the value in its file.

    Raises:
        FormatError: it is not valid; the message has only the first problem.
    """
    try:
        # Strict validation accepts a list for a tuple only from JSON.
        return section.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise FormatError(_first(error, place)) from None


def _first(error: ValidationError, place: Sequence[str] = ()) -> str:
    """Return only the first problem: a damaged table can have one in each of a thousand cells."""
    return sentences(error, place, most=1)


def rows_of(
    content: bytes, row: type[AnySection], columns: Sequence[str], least: int
) -> list[AnySection]:
    """Read a table of CSV.

    Args:
        content: of the file.
        row: the model of a row.
        columns: all columns, in order.
        least: the least number of rows.

    Raises:
        FormatError: it is not valid; the message has only the first problem.
    """
    header, lines = parse_table(content)
    if header != tuple(columns):
        raise other_columns(columns, header)
    if len(lines) < least:
        raise FormatError(f"expected at least {least} rows, found {len(lines)}")
    return [row_of(row, line, dict(zip(header, line.cells, strict=True))) for line in lines]


def row_of(row: type[AnySection], line: Line, cells: Mapping[str, Any]) -> AnySection:
    """Validate the cells of a line, by column; ``FormatError`` if one is not valid."""
    try:
        return row.model_validate(cells)
    except ValidationError as error:
        raise FormatError(f"line {line.number}: {_first(error)}") from None


def other_columns(expected: Sequence[str], found: Sequence[str]) -> FormatError:
    """Return the error about columns that are not the expected ones."""
    return FormatError(f"expected the columns {', '.join(expected)}, found {_listed(found)}")


def _listed(names: Sequence[str]) -> str:
    return json.dumps(", ".join(names)[:100])
