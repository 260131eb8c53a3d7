import pytest

from stages.results.agreement import check_agreement, check_wrong
from stages.results.answers import read_predictions, read_wrong
from stages.shared.formats import FormatError
from tests.stages.results.conftest import PREDICTIONS, WRONG, Spoiled

NAMES = ("cat", "dog")


def test_valid_results_agree(results_with: Spoiled) -> None:
    check_agreement(results_with(), NAMES)
    check_agreement(results_with(), NAMES, read_predictions(PREDICTIONS))


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        (
            "metrics",
            "0.666667",
            "0.666666",
            "test.accuracy of metrics.json to be 0.666667, as conf",
        ),
        ("metrics", "0.299993", "0.299992", "test.accuracy_low of metrics.json to be 0.299993"),
        ("metrics", "0.903229", "0.90323", "test.accuracy_high of metrics.json to be 0.903229"),
        ("metrics", '"errors": 2', '"errors": 3', "test.errors of metrics.json to be 2"),
        ("metrics", '"images": 6', '"images": 7', "test.images of metrics.json to be 6"),
        ("metrics", '"loss": 0.686199', '"loss": 0.5', "test.loss of metrics.json to be 0.686199"),
        ("checks", '"observed": "6"', '"observed": "7"', "test-image-count of checks.json obse"),
        ("classes", "dog,", "cow,", "the classes of classes.csv to be"),
        ("classes", "cat,3", "cat,4", "the support of class cat in classes.csv to be 3"),
        ("classes", "cat,3,0.666667", "cat,3,0.5", "the precision of class cat in classes.csv"),
        ("classes", "0.666667\n", "0.5\n", "the f1 of class cat in classes.csv to be 0.666667"),
        ("pairs", "cat,dog,1", "dog,cat,1", "the pairs of confusion_matrix.csv to be in the order"),
        ("pairs", "cat,dog,1", "cat,cow,1", "the pairs of confusion_matrix.csv to be in the order"),
        ("pairs", "cat,dog,1\n", "", "test.images of metrics.json to be 5, as confusion_matrix"),
        ("pairs", "cat,cat,2", "cat,cat,3", "test.images of metrics.json to be 7"),
        ("wrong", "2,0,1,cat,dog", "2,0,1,dog,cat", "the names of image 2 in misclassified.csv"),
        ("wrong", "2,0,1,", "6,0,1,", "images from 0 to 5 in misclassified.csv"),
        ("wrong", "3,1,0,dog,cat,0.6,0.4\n", "", "the images of dog predicted as cat in"),
    ],
)
def test_a_disagreement_is_reported_with_both_values(
    results_with: Spoiled, name: str, before: str, after: str, expected: str
) -> None:
    with pytest.raises(FormatError) as refused:
        check_agreement(results_with(name, before, after), NAMES)

    assert expected in str(refused.value)
    assert ", found " in str(refused.value)


@pytest.mark.parametrize("names", [("dog", "cat"), ("cat", "dog", "cow"), ("cat",), ()])
def test_other_classes_disagree(results_with: Spoiled, names: tuple[str, ...]) -> None:
    with pytest.raises(FormatError, match=r"the classes of classes\.csv to be"):
        check_agreement(results_with(), names)


def test_wrong_answers_alone_are_held_to_the_classes() -> None:
    check_wrong(read_wrong(WRONG), NAMES)
    check_wrong(read_wrong(WRONG.replace(b"2,0,1", b"99999,0,1")), NAMES)
    with pytest.raises(FormatError, match=r"the predicted of image 2 in .* to be one of 2 classes"):
        check_wrong(read_wrong(WRONG.replace(b"2,0,1", b"2,0,2")), NAMES)
    with pytest.raises(FormatError, match="the names of image 2"):
        check_wrong(read_wrong(WRONG), ("cat", "cow", "dog"))
    header, *rows = WRONG.splitlines(keepends=True)
    with pytest.raises(
        FormatError, match="to begin with the most confident answers, found image 2"
    ):
        check_wrong(read_wrong(b"".join([header, *reversed(rows)])), NAMES)
