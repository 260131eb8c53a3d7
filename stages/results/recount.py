"""Check that recorded results follow from the answers to all test images."""

from collections import Counter
from collections.abc import Sequence

from stages.results.answers import Answer, Prediction
from stages.results.bins import check_members, loss_of
from stages.results.disagreement import NEAR, check_numbers, near, same
from stages.results.models import BinRow
from stages.results.reading import Results

SOURCE = "predictions.csv"
# The fields that an answer and a wrong answer have in common.
_COMMON = set(Answer.model_fields)


def check_follows(results: Results, predictions: Sequence[Prediction]) -> None:
    """Check every result against predictions.csv.

    Args:
        results: which agree with each other.
        predictions: the answer to each test image.

    Raises:
        FormatError: a number differs from what the answers give.
    """
    test = results.metrics.test
    same("test.images of metrics.json", test.images, len(predictions), SOURCE)
    for place, answer in enumerate(predictions):
        same(f"the image at place {place} of {SOURCE}", answer.index, place, "the order of images")
        check_numbers(answer, len(results.classes), SOURCE)
    _check_counts(results, predictions)
    _check_wrong(results, predictions)
    loss = sum(map(loss_of, predictions)) / test.images
    near("test.loss of metrics.json", test.loss, loss, SOURCE)
    for row in results.bins:
        _check_bin(row, predictions)


def _check_counts(results: Results, predictions: Sequence[Answer]) -> None:
    names = [row.name for row in results.classes]
    found = Counter((names[answer.label], names[answer.predicted]) for answer in predictions)
    for row in results.pairs:
        what = f"the images of {row.actual} predicted as {row.predicted} in confusion_matrix.csv"
        same(what, row.count, found[row.actual, row.predicted], SOURCE)


def _check_wrong(results: Results, predictions: Sequence[Answer]) -> None:
    for row in results.wrong:
        answer = predictions[row.index].model_dump(include=_COMMON)
        what = f"the answer to image {row.index} in misclassified.csv"
        same(what, row.model_dump(include=_COMMON), answer, SOURCE)


def _check_bin(row: BinRow, predictions: Sequence[Answer]) -> None:
    place = f"of the bin from {row.low:g} in calibration.csv"
    check_members(f"the images {place}", row.images, row, predictions, SOURCE)
    inside = [one.confidence for one in predictions if row.low < one.confidence <= row.high]
    at_edge = any(
        abs(one.confidence - end) <= NEAR for one in predictions for end in (row.low, row.high)
    )
    if not at_edge:
        near(f"the confidence {place}", row.confidence, sum(inside) / len(inside), SOURCE)
