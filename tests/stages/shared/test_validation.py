import json
import math
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from stages.shared.section import Classes, Count, Name, Section
from stages.shared.validation import sentences, shown


class Box(Section):
    width: Count
    height: Count


class Parcel(Section):
    """One field for each kind of error that a model of the project can raise."""

    boxes: tuple[Box, ...] = ()
    classes: Classes = ("a", "b")
    fragile: bool = False
    labels: list[str] | None = None
    mode: Literal["air", "sea"] = "air"
    names: dict[Name, str] | None = None
    price: Annotated[float, Field(ge=0, le=1)] = 0.0
    rate: Annotated[float, Field(gt=0, lt=1)] = 0.5
    sender: Annotated[str, Field(min_length=1)] = "me"
    stops: Annotated[tuple[int, ...], Field(max_length=1)] = ()


def test_each_error_is_a_clause_with_its_place_and_what_is_allowed() -> None:
    with pytest.raises(ValidationError) as caught:
        Box.model_validate({"width": 0, "depth": 1})

    assert sentences(caught.value, ("boxes", "first")) == (
        "boxes.first.width must be from 1 to 2147483647, found 0; "
        "boxes.first.height is missing; boxes.first.depth is unknown"
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("boxes", 1, "boxes must be a list, found 1"),
        ("boxes", [1], "boxes.0 must be a mapping, found 1"),
        ("boxes", [{"width": 1}], "boxes.0.height is missing"),
        ("boxes", [{"width": 1, "height": 1, "[a]": 1}], "boxes.0.[a] is unknown"),
        ("classes", ["a"], 'classes must have a length of at least 2, found ["a"]'),
        ("classes", ["a", "a"], 'classes must differ from each other, found ["a", "a"]'),
        ("fragile", 1, "fragile must be a valid boolean, found 1"),
        ("labels", 1, "labels must be a list, found 1"),
        ("labels", [1], "labels.0 must be a valid string, found 1"),
        ("mode", "road", "mode must be 'air' or 'sea', found \"road\""),
        ("names", 1, "names must be a mapping, found 1"),
        (
            "names",
            {"a b": "c"},
            'names.a b must be of letters, digits, - and _, found "a b"',
        ),
        ("price", "1", 'price must be a valid number, found "1"'),
        ("price", math.nan, "price must be a finite number, found NaN"),
        ("price", -1, "price must be greater than or equal to 0, found -1"),
        ("price", 2, "price must be less than or equal to 1, found 2"),
        ("rate", 0, "rate must be greater than 0, found 0"),
        ("rate", 1, "rate must be less than 1, found 1"),
        ("sender", "", 'sender must have a length of at least 1, found ""'),
        ("stops", [1.5], "stops.0 must be a valid integer, found 1.5"),
        ("stops", [1, 2], "stops must have a length of at most 1, found [1, 2]"),
    ],
)
def test_every_kind_of_error_is_a_clause(field: str, value: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Parcel.model_validate_json(json.dumps({field: value}))

    assert sentences(caught.value) == message


def test_a_long_value_is_shortened() -> None:
    assert shown("a short one") == '"a short one"'
    assert shown("two  spaces") == '"two  spaces"'
    assert shown("f" * 64) == f'"{"f" * 56}...'


def test_names_are_escaped_and_shortened() -> None:
    with pytest.raises(ValidationError) as caught:
        Box.model_validate({"width": 1, "height": 1, "\x1b[2J\u202e": 1, "a" * 10_000: 1})

    escaped, shortened = sentences(caught.value).split("; ")
    assert escaped == "\\x1b[2J\\u202e is unknown"
    assert shortened.endswith("aaa...")
    assert len(shortened) < 600


def test_the_first_of_hundreds_of_mistakes_are_listed_and_the_others_counted() -> None:
    with pytest.raises(ValidationError) as caught:
        Box.model_validate({"width": 1, "height": 1} | {f"a{number}": 1 for number in range(300)})

    listed = sentences(caught.value).split("; ")
    assert listed[0] == "a0 is unknown"
    assert listed[19:] == ["a19 is unknown", "and 280 more"]
