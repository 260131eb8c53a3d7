import pytest
from pydantic import ValidationError

from stages.sections.gate import Gate

DEMANDS = {
    "stage": "production",
    "accuracy": 0.99,
    "recall": 0.98,
    "recalls": {"9": 0.97},
    "calibration_error": 0.05,
    "fall": 0.002,
    "confidence": 0.95,
}


def test_demands_are_taken() -> None:
    assert Gate(**DEMANDS).model_dump() == DEMANDS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stage", "Production"),
        ("stage", "a#b"),
        ("accuracy", 99),
        ("recall", -0.1),
        ("recalls", {"9": 1.1}),
        ("calibration_error", float("nan")),
        ("fall", 1),
        ("confidence", 0.5),
        ("more", 1),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Gate(**(DEMANDS | {name: value}))
