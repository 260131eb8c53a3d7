"""Define the base types of the strict models: parameters, recorded results, descriptions."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError


def within(low: float, high: float) -> AfterValidator:
    """Return a validator that refuses numbers outside ``[low, high]`` and names both ends."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise PydanticCustomError(
                "within", "must be from {low} to {high}", {"low": low, "high": high}
            )
        return value

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


Share = Annotated[float, within(0, 1)]
Count = Annotated[int, within(1, 2**31 - 1)]
Seed = Annotated[int, within(0, 2**31 - 1)]
# A line break in a name, of which Unicode has several, would break a table.
ClassName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
Classes = Annotated[tuple[ClassName, ...], Field(min_length=2), AfterValidator(_differ)]
"""The class names of a data set, in the order of their labels."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A plain file name without a folder, so that it cannot point elsewhere."""


class Section(BaseModel):
    """A mapping in a file, such as a section of ``params.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Part(Section):
    """Some values of a section; its other values are neither read nor checked."""

    model_config = ConfigDict(extra="ignore")
