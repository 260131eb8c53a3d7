import numpy as np
import pandas as pd
import pytest

from stages.results.handwriting import answers, label, summary
from stages.shared.doubt import Doubt

CLASSES = tuple("0123456789")
# No digit was changed.
NONE = np.zeros(3, bool)


def probabilities(*best: tuple[int, float, int, float]) -> np.ndarray:
    table = np.zeros((len(best), 10), np.float32)
    for row, (first, confidence, second, other) in zip(table, best, strict=True):
        row[first], row[second] = confidence, other
    return table


@pytest.fixture
def table() -> pd.DataFrame:
    names = ["3.png", "4a.png", "sheet.png", "sheet.png"]
    return answers(
        names,
        probabilities((3, 0.9, 8, 0.1), (9, 0.6, 4, 0.4), (1, 0.8, 7, 0.2), (0, 1, 6, 0)),
        CLASSES,
        Doubt(sure_from=0.85, digit_from=0.55),
        np.array([False, False, False, True]),
    )


def test_every_digit_has_its_answer_and_the_runner_up(table: pd.DataFrame) -> None:
    assert table["picture"].tolist() == ["3.png", "4a.png", "sheet.png", "sheet.png"]
    assert table["digit"].tolist() == [1, 1, 1, 2]
    assert table["label"].tolist()[:2] == ["3", "4"]
    assert table["label"].isna().tolist() == [False, False, True, True]
    assert table["predicted"].tolist() == ["3", "9", "1", "0"]
    assert table["runner_up"].tolist()[:3] == ["8", "4", "7"]
    assert table["confidence"].tolist() == pytest.approx([0.9, 0.6, 0.8, 1])
    assert table["doubt"].tolist() == ["", "not sure", "not sure", "not sure"]
    assert table["runner_up_confidence"].tolist() == pytest.approx([0.1, 0.4, 0.2, 0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("7.png", "7"), ("3_of_hers.jpg", "3"), ("photo.png", None), ("x3.png", None)],
)
def test_the_first_character_is_the_class(name: str, expected: str | None) -> None:
    assert label(name, CLASSES) == expected


def test_a_class_of_a_longer_name_is_no_label() -> None:
    assert label("Shirt.png", ("Shirt", "Coat")) is None


def test_a_labelled_picture_is_right_when_every_digit_is(table: pd.DataFrame) -> None:
    pictures = ["3.png", "4a.png", "5.png", "empty.png", "sheet.png"]

    found = summary(table, pictures, {"z.gif": "expected a PNG.", "a.png": "damaged."}, CLASSES)

    assert found == {
        "pictures": 5,
        "digits": 4,
        "not_sure": 3,
        "not_a_digit": 0,
        "labelled": 3,
        "right": 1,
        "accuracy": 0.333333,
        "no_digit_found": ["5.png", "empty.png"],
        "unread": {"a.png": "damaged.", "z.gif": "expected a PNG."},
    }


def test_no_pictures_have_no_accuracy() -> None:
    found = summary(answers([], np.empty((0, 10)), CLASSES, None, NONE[:0]), [], {}, CLASSES)

    assert (found["pictures"], found["digits"], found["accuracy"]) == (0, 0, None)


def test_without_calibration_nothing_is_doubted() -> None:
    table = answers(["3.png"], probabilities((3, 0.2, 8, 0.1)), CLASSES, None, NONE[:1])

    assert table["doubt"].tolist() == [""]


def test_what_is_not_a_digit_is_neither_right_nor_wrong() -> None:
    table = answers(
        ["3.png", "3.png", "4.png"],
        probabilities((3, 0.9, 8, 0.1), (7, 0.3, 1, 0.2), (4, 0.3, 9, 0.2)),
        CLASSES,
        Doubt(sure_from=0.8, digit_from=0.5),
        NONE[:3],
    )

    found = summary(table, ["3.png", "4.png"], {}, CLASSES)

    assert (found["digits"], found["not_sure"], found["not_a_digit"]) == (1, 0, 2)
    assert (found["labelled"], found["right"]) == (2, 1)
    assert found["no_digit_found"] == ["4.png"]
