import pytest

from stages.results.answers import read_predictions
from stages.results.recount import check_follows
from stages.shared.formats import FormatError
from tests.stages.results.conftest import PREDICTIONS, Spoiled


def test_valid_results_follow(results_with: Spoiled) -> None:
    check_follows(results_with(), read_predictions(PREDICTIONS))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("5,1,1,0.95,0.95,0,0.05\n", "", "test.images of metrics.json to be 5, as predictions.csv"),
        ("5,1,1,0.95,0.95", "5,2,1,0.95,0.05", "the label of image 5 in predictions.csv to be one"),
        ("5,1,1,", "6,1,1,", "the image at place 5 of predictions.csv to be 5"),
        (
            "5,1,1,0.95,0.95",
            "5,0,1,0.95,0.05",
            "the images of cat predicted as dog in confusion_matrix.csv to be 2",
        ),
        ("0.6,0.4,1,0.4", "0.7,0.3,1,0.3", "the answer to image 3 in misclassified.csv to be"),
        ("4,1,1,0.95,0.95,0,0.05", "4,1,1,0.96,0.96,0,0.04", "test.loss of metrics.json to be"),
    ],
)
def test_answers_that_give_other_numbers_are_reported(
    results_with: Spoiled, before: str, after: str, expected: str
) -> None:
    assert before.encode() in PREDICTIONS
    predictions = read_predictions(PREDICTIONS.replace(before.encode(), after.encode()))
    with pytest.raises(FormatError) as refused:
        check_follows(results_with(), predictions)
    assert expected in str(refused.value)


def test_bins_are_counted(results_with: Spoiled) -> None:
    predictions = read_predictions(PREDICTIONS)
    moved = results_with("bins", "0.933333,1,5,0.95,0.8", "0.866667,0.933333,5,0.9,0.8")
    with pytest.raises(FormatError, match=r"the images of the bin from 0\.866667 .* to be 0"):
        check_follows(moved, predictions)
    with pytest.raises(FormatError, match=r"the confidence of the bin from 0\.933333 .* 0\.95, as"):
        check_follows(results_with("bins", "0.95,0.8", "0.951,0.8"), predictions)
