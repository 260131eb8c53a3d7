import pytest

from stages.results.answers import read_predictions, read_wrong
from stages.shared.formats import FormatError
from tests.stages.results.conftest import EARLIER_WRONG, PREDICTIONS, WRONG


def test_answers_are_read_with_the_most_probable_classes() -> None:
    answers = read_predictions(PREDICTIONS)

    assert [answer.index for answer in answers] == [0, 1, 2, 3, 4, 5]
    assert (answers[3].confidence, answers[3].label_probability) == (0.6, 0.4)
    assert (answers[3].next_classes, answers[3].next_probabilities) == ((1,), (0.4,))
    assert [row.label_name for row in read_wrong(WRONG)] == ["cat", "dog"]
    assert read_wrong(WRONG.splitlines(keepends=True)[0]) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("index,", "image,", "expected the columns index, label, predicted, label_name, pred"),
        ("label,predicted", "predicted,label", "expected the columns index, label, predicted"),
        (",label_probability", "", "expected a CSV file, found 7 of 6 cells at line 2"),
        ("2,0,1,", "3,0,1,", "expected each test image once, found image 3 twice"),
        ("2,0,1,", "2,1,1,", "expected wrong answers, found a right one to image 2"),
        ("2,0,1,", "-2,0,1,", 'line 2: index must be a valid integer, found "-2"'),
        ("2,0,1,", "2,0,,", 'line 2: predicted must be a valid integer, found ""'),
        ("0.95,0.05", "0.95,0.96", "line 2: expected confidence to be the highest probability"),
        ("0.95,0.05", "0.95,1.05", "line 2: label_probability must be from 0 to 1, found"),
    ],
)
def test_wrong_answers_that_are_none_are_a_clause(before: str, after: str, found: str) -> None:
    assert before.encode() in WRONG
    with pytest.raises(FormatError) as refused:
        read_wrong(WRONG.replace(before.encode(), after.encode(), 1))
    assert str(refused.value).startswith(found)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (",class_2", ",class_3", "expected the columns index, label, predicted, confidence, labe"),
        (",class_2,probability_2", "", "expected a CSV file, found 7 of 5 cells at line 2"),
        ("0,0,0,0.95,0.95", "0,0,0,0.95,0.9", "line 2: expected label_probability to be the conf"),
        ("2,0,1,0.95,0.05,0", "2,0,1,0.95,0.04,0", "line 4: expected label_probability to be tha"),
        ("2,0,1,0.95,0.05,0", "2,2,1,0.95,0.06,0", "line 4: expected label_probability to be tha"),
        ("0.4,1,0.4", "0.4,0,0.4", "line 5: expected each class once, found one twice"),
        ("0.4,1,0.4", "0.7,1,0.7", "line 5: expected confidence to be the highest probability"),
        ("0.4,1,0.4", "0.5,1,0.5", "line 5: expected probabilities that add up to at most 1, fo"),
    ],
)
def test_predictions_that_are_none_are_a_clause(before: str, after: str, found: str) -> None:
    assert before.encode() in PREDICTIONS
    with pytest.raises(FormatError) as refused:
        read_predictions(PREDICTIONS.replace(before.encode(), after.encode(), 1))
    assert str(refused.value).startswith(found)


def test_a_class_that_is_not_among_the_most_probable_may_be_the_true_one() -> None:
    rare = PREDICTIONS.replace(b"2,0,1,0.95,0.05,0,0.05", b"2,7,1,0.95,0.01,0,0.03")

    assert read_predictions(rare)[2].label_probability == 0.01


def test_wrong_answers_of_earlier_versions_are_read() -> None:
    assert read_wrong(EARLIER_WRONG) == read_wrong(WRONG)
    with pytest.raises(FormatError, match="line 2: expected label to be a class, found 2"):
        read_wrong(EARLIER_WRONG.replace(b"2,0,1", b"2,2,1"))
