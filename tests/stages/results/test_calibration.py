import pandas as pd
import pytest

from stages.results.calibration import calibration, expected_error


def predictions(*answers: tuple[float, bool]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"label": 1, "predicted": 1 if right else 2, "confidence": confidence}
            for confidence, right in answers
        ]
    )


def test_answers_of_about_the_same_confidence_share_a_row() -> None:
    bins = calibration(predictions((0.9, True), (0.92, False), (0.91, True), (0.5, False)))

    assert bins["images"].tolist() == [1, 3]
    assert bins["confidence"].tolist() == pytest.approx([0.5, 0.91])
    assert bins["accuracy"].tolist() == pytest.approx([0, 2 / 3])
    assert bins["low"].tolist() == pytest.approx([7 / 15, 13 / 15])
    assert bins["high"].tolist() == pytest.approx([8 / 15, 14 / 15])


def test_a_confidence_belongs_to_the_bin_that_it_is_the_upper_end_of() -> None:
    bins = calibration(predictions((1 / 15, True), (1.0, True), (0.0, False)))

    assert bins["low"].tolist() == pytest.approx([0, 14 / 15])
    assert bins["images"].tolist() == [2, 1]


def test_the_expected_error_is_a_hand_computation() -> None:
    bins = calibration(predictions((0.9, True), (0.92, False), (0.91, True), (0.5, False)))

    # Three quarters of the images are off by 0.91 - 2/3, one quarter by 0.5.
    assert expected_error(bins) == pytest.approx(0.75 * (0.91 - 2 / 3) + 0.25 * 0.5)


def test_confidence_that_is_always_right_is_no_error() -> None:
    assert expected_error(calibration(predictions((1.0, True), (1.0, True)))) == 0
