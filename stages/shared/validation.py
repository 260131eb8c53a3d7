"""Put the errors that pydantic finds into sentences."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stages.shared.text import excerpt, without_secrets

# One wrong indentation can cause hundreds of errors.
_MOST = 20
_LONGEST_VALUE = 60
# What a value must do, by pydantic's type of the error, where its own message is no clause.
_CLAUSES = {
    "string_pattern_mismatch": "match the regular expression {pattern}",
    "string_too_short": "have a length of at least {min_length}",
    "too_short": "have a length of at least {min_length}",
    "too_long": "have a length of at most {max_length}",
    "tuple_type": "be a list",
    "list_type": "be a list",
    "dict_type": "be a mapping",
    "model_type": "be a mapping",
}


def sentences(error: ValidationError, place: Sequence[str] = (), most: int = _MOST) -> str:
    """Return what is wrong with each of the first invalid values, and what it must be.

    Args:
        error: of a model.
        place: names that lead to the model in its file.
        most: values to name; others are counted, unless only one is named.
    """
    found = error.errors()
    # A file's names and values may be long, and have characters that a terminal would obey.
    first = [excerpt(_sentence(one, place)) for one in found[:most]]
    more = [f"and {len(found) - most} more"] if len(found) > most > 1 else []
    return "; ".join([*first, *more])


def _sentence(error: ErrorDetails, above: Sequence[str]) -> str:
    if error["type"] in {"choice", "search", "summary"}:
        return error["msg"]
    if error["type"] == "extra_forbidden":
        *outer, name = error["loc"]
        return f"{_place(above, [*_named(outer), name])} is unknown"
    place = _place(above, _named(error["loc"]))
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] in {"bounds", "class", "range"}:
        return f"{place}: {error['msg']}"
    return f"{place} {_expectation(error)}, found {shown(error['input'])}"


def _named(location: Iterable[int | str]) -> list[int | str]:
    """Return a location without the types of a union and ``[key]``, which are in no file."""
    return [part for part in location if not (isinstance(part, str) and part.startswith("["))]


def _place(above: Iterable[str], below: Iterable[int | str]) -> str:
    return ".".join(map(str, (*above, *below))) or "the file"


def _expectation(error: ErrorDetails) -> str:
    if clause := _CLAUSES.get(error["type"]):
        return f"must {clause.format_map(error.get('ctx', {}))}"
    return error["msg"].replace("Input should be ", "must be ", 1)


def shown(value: Any) -> str:
    """Return a value as JSON, shortened to 60 characters, without the secrets of a URL."""
    text = without_secrets(json.dumps(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
