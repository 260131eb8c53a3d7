import numpy as np
import pytest
from pydantic import ValidationError

from stages.shared.doubt import NOT_A_DIGIT, NOT_SURE, Doubt


def test_a_low_confidence_is_no_digit_and_a_middling_one_is_not_sure() -> None:
    doubt = Doubt(sure_from=0.9, digit_from=0.4)

    found = doubt.of(np.array([1, 0.9, 0.89, 0.4, 0.39]), np.zeros(5, bool))

    assert found == ["", "", NOT_SURE, NOT_SURE, NOT_A_DIGIT]


def test_what_is_no_digit_is_not_called_unsure() -> None:
    """Where all answers were right, sure_from is the lowest confidence of all."""
    doubt = Doubt(sure_from=0.3, digit_from=0.4)

    assert doubt.of(np.array([0.2, 0.35]), np.zeros(2, bool)) == [NOT_A_DIGIT] * 2


def test_an_answer_that_a_second_look_changed_is_not_sure() -> None:
    doubt = Doubt(sure_from=0.9, digit_from=0.4)

    assert doubt.of(np.array([1, 0.3]), np.ones(2, bool)) == [NOT_SURE, NOT_A_DIGIT]


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_is_from_0_to_1(confidence: float) -> None:
    with pytest.raises(ValidationError):
        Doubt(sure_from=confidence, digit_from=0)
