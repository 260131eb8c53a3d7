"""Put the errors that pydantic finds into sentences."""

import json
import textwrap
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stages.shared.text import excerpt, without_secrets

# Of one wrong indentation, a file can have hundreds of mistakes.
_MOST = 20


def sentences(error: ValidationError, place: Sequence[str] = ()) -> str:
    """Return what is wrong with each of the first invalid values, and what it must be.

    Args:
        error: of a model.
        place: names that lead to the model in its file.
    """
    found = error.errors()
    # A file's names and values may be long, and have characters that a terminal would obey.
    first = [excerpt(_sentence(one, place)) for one in found[:_MOST]]
    more = [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return "; ".join([*first, *more])


def _sentence(error: ErrorDetails, above: Sequence[str]) -> str:
    if error["type"] in {"choice", "search", "summary"}:
        return error["msg"]
    place = ".".join(map(str, (*above, *error["loc"]))) or "the file"
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "extra_forbidden":
        return f"{place} is unknown"
    message = error["msg"].removeprefix("Input should be ")
    if error["type"] in {"bounds", "lookalikes", "range"}:
        return f"{place}: {message}"
    expected = message if message.startswith("must") else f"must be {message}"
    return f"{place} {expected}, found {shown(error['input'])}"


def shown(value: Any) -> str:
    """Return a value as JSON, shortened to 60 characters, without the secrets of a URL."""
    return textwrap.shorten(without_secrets(json.dumps(value)), 60, placeholder="...")
