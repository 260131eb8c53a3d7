import pytest
from pydantic import ValidationError

from stages.shared.section import Count, Section
from stages.shared.validation import sentences, shown


class Box(Section):
    width: Count
    height: Count


def test_each_error_is_a_clause_with_its_place_and_what_is_allowed() -> None:
    with pytest.raises(ValidationError) as caught:
        Box.model_validate({"width": 0, "depth": 1})

    assert sentences(caught.value, ("boxes", "first")) == (
        "boxes.first.width must be from 1 to 2147483647, found 0; "
        "boxes.first.height is missing; boxes.first.depth is unknown"
    )


def test_a_long_value_is_shortened() -> None:
    assert shown("a short one") == '"a short one"'
    assert len(shown("word " * 100)) <= 60


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
