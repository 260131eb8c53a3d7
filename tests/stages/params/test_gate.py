import pytest
from pydantic import ValidationError

from stages.params.gate import Gate

CRITERIA = {
    "stage": "production",
    "max_regression": 0.002,
    "confidence": 0.95,
}


def test_criteria_are_accepted() -> None:
    assert Gate.model_validate(CRITERIA).model_dump() == CRITERIA


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stage", "Production"),
        ("stage", "a#b"),
        ("max_regression", 1),
        ("confidence", 0.5),
        ("more", 1),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Gate.model_validate(CRITERIA | {name: value})
