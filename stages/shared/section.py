"""Define the base types of the strict models: parameters, recorded results, descriptions."""

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
)
from pydantic_core import PydanticCustomError

# Control characters, and Unicode's separators of lines and paragraphs.
_LINE_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def within(low: float, high: float) -> AfterValidator:
    """Return a validator that refuses numbers outside ``[low, high]`` and names both ends."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise PydanticCustomError(
                "within", "must be from {low} to {high}", {"low": low, "high": high}
            )
        return value

    return AfterValidator(check)


def matching(pattern: str, clause: str) -> AfterValidator:
    """Return a validator that refuses text that a pattern does not match.

    Args:
        pattern: a regular expression for the whole text.
        clause: what the text must be, for a person.
    """

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise PydanticCustomError("pattern", "must be {clause}", {"clause": clause})
        return text

    return AfterValidator(check)


def chosen_by(key: str, *names: str) -> Discriminator:
    """Return what chooses a type of a union: the one tagged ``[NAME]`` if ``key`` is ``NAME``.

    The brackets keep the name out of the place in a message.
    """
    return Discriminator(
        lambda value: f"[{value.get(key)}]" if isinstance(value, dict) else None,
        custom_error_type="union",
        custom_error_message=f"must have a {key} that is {', '.join(names[:-1])} or {names[-1]}",
    )


def _differ(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise PydanticCustomError("unique", "must differ from each other")
    return names


def _texts(names: object) -> object:
    if not isinstance(names, list | tuple):
        return names
    if not all(isinstance(name, str) for name in names):
        raise PydanticCustomError("texts", 'must be texts, each in quotes, such as "0"')
    return tuple(names)


def _one_line(name: str) -> str:
    # A line break, of which Unicode has several, would break a table.
    if _LINE_BREAKS.search(name):
        raise PydanticCustomError("line", "must be one line without control characters")
    return name


Share = Annotated[float, within(0, 1)]
Count = Annotated[int, within(1, 2**31 - 1)]
Seed = Annotated[int, within(0, 2**31 - 1)]
ClassName = Annotated[str, AfterValidator(_one_line)]
Classes = Annotated[
    tuple[ClassName, ...], Field(min_length=2), AfterValidator(_differ), BeforeValidator(_texts)
]
"""The class names of a data set, in the order of their labels."""
Sha256 = Annotated[str, matching("[0-9a-f]{64}", "64 digits of hexadecimal in lower case")]
Name = Annotated[str, matching("[A-Za-z0-9][A-Za-z0-9_-]*", "of letters, digits, - and _")]
FileName = Annotated[str, matching(r"[A-Za-z0-9][A-Za-z0-9._-]*", "a file name, without a folder")]
"""A plain file name without a folder, so that it cannot point elsewhere."""


class Section(BaseModel):
    """A mapping in a file, such as a section of ``params.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Part(Section):
    """Some values of a section; its other values are neither read nor checked."""

    model_config = ConfigDict(extra="ignore")
