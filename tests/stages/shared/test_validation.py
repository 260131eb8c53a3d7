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
