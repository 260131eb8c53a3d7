import pytest

from stages.results.answers import Answer
from stages.results.bins import check_bins, check_loss, check_members, loss_of, wrong_in
from stages.results.models import BinRow
from stages.shared.formats import FormatError
from tests.stages.results.conftest import Spoiled


def test_valid_bins_agree(results_with: Spoiled) -> None:
    check_bins(results_with())
    check_loss(results_with())


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("metrics", "0.225", "0.22501", "test.calibration_error of metrics.json to be 0.225, as"),
        ("bins", "0.533333,0.6,", "0.5333,0.6,", "the lower end of the bin from 0.5333 in cal"),
        ("bins", "0.533333,0.6,", "0.533333,0.65,", "the upper end of the bin from 0.533333"),
        ("bins", "0.533333,0.6,1,0.6", "0.533333,0.6,1,0.7", "the confidence of the bin from 0.53"),
        ("bins", "0.95,0.8", "0.95,0.7", "the accuracy of the bin from 0.933333 in calibration.cs"),
        (
            "bins",
            "0.95,0.8",
            "0.95,0.6",
            "the errors of the bin from 0.933333 in calibration.csv t",
        ),
        ("bins", "1,5,0.95,0.8", "1,10,0.95,0.9", "the images of calibration.csv to be 6"),
        ("bins", "0.533333,0.6,1,0.6,0\n", "0.533333,0.6,1,0.6,1\n", "the errors of calibration"),
        ("bins", "0.533333,0.6", "1,1", "15 bins in order in calibration.csv, found one from 1"),
        ("bins", "0.933333,1,", "0.533333,0.6,", "15 bins in order in calibration.csv, found one"),
    ],
)
def test_bins_that_disagree_are_reported(
    results_with: Spoiled, name: str, before: str, after: str, expected: str
) -> None:
    with pytest.raises(FormatError) as refused:
        check_bins(results_with(name, before, after))
    assert expected in str(refused.value)


@pytest.mark.parametrize("loss", ["0", "0.6", "0.71", "3"])
def test_a_loss_that_no_answers_give_is_refused(results_with: Spoiled, loss: str) -> None:
    """By hand: the wrong answers give 3.912 nats; four right ones above 14/15 at most 0.276."""
    with pytest.raises(
        FormatError, match=r"test\.loss of metrics\.json to be 0\.686199 to 0\.697999"
    ):
        check_loss(results_with("metrics", "0.686199", loss))


def test_an_answer_at_the_edge_of_a_bin_may_be_on_either_side() -> None:
    row = BinRow(low=0.6, high=0.666667, images=2, confidence=0.65, accuracy=0.5)
    assert wrong_in(row) == 1
    answers = [
        Answer(index=0, label=0, predicted=0, confidence=confidence, label_probability=confidence)
        for confidence in (0.6, 0.65)
    ]
    for count in (1, 2):
        check_members("the count", count, row, answers, "a file")
    for count in (0, 3):
        with pytest.raises(FormatError, match="the count to be 1 to 2, as a file gives it, found"):
            check_members("the count", count, row, answers, "a file")


def test_a_loss_is_finite_where_a_probability_is_0() -> None:
    """As scikit-learn has it: the logarithm of the smallest step of a number beside 1."""
    answer = Answer(index=0, label=0, predicted=1, confidence=1, label_probability=0)
    assert loss_of(answer) == pytest.approx(36.0437, abs=1e-4)
