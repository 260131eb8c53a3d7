"""Check that the bins of calibration.csv, and the numbers derived from them, fit the answers."""

import math
from collections.abc import Sequence

from stages.results.answers import Answer
from stages.results.disagreement import NEAR, near, same, to_digits
from stages.results.models import BINS, SMALLEST_PROBABILITY, BinRow
from stages.results.reading import Results
from stages.shared.formats import FormatError


def check_bins(results: Results) -> None:
    """Check calibration.csv against the wrong answers, and the calibration error against it."""
    test, errors, last, gaps = results.metrics.test, 0, -1, 0.0
    for row in results.bins:
        number, wrong = round(row.low * BINS), wrong_in(row)
        if not last < number < BINS:
            raise FormatError(
                f"expected {BINS} bins in order in calibration.csv, found one from {row.low:g}"
            )
        _check_bin(row, number, wrong)
        check_members(f"the errors {_of(row)}", wrong, row, results.wrong, "misclassified.csv")
        errors, last = errors + wrong, number
        gaps += abs(row.images - wrong - row.images * row.confidence)
    images = sum(row.images for row in results.bins)
    same("the images of calibration.csv", images, test.images, "metrics.json")
    same("the errors of calibration.csv", errors, test.errors, "metrics.json")
    what = "test.calibration_error of metrics.json"
    near(what, test.calibration_error, gaps / images, "calibration.csv")


def wrong_in(row: BinRow) -> int:
    """Return the number of wrong answers in a bin."""
    return row.images - round(row.accuracy * row.images)


def check_members(
    what: str, found: int, row: BinRow, answers: Sequence[Answer], source: str
) -> None:
    """Check a count against the answers in a bin; those at an edge may be on either side."""
    sure = sum(row.low + NEAR < answer.confidence < row.high - NEAR for answer in answers)
    most = sum(row.low - NEAR <= answer.confidence <= row.high + NEAR for answer in answers)
    if not sure <= found <= most:
        expected = f"{sure}" if sure == most else f"{sure} to {most}"
        same(what, found, expected, source)


def check_loss(results: Results) -> None:
    """Check the loss against bounds from what Git holds: wrong answers, and bins of correct ones.

    The lower bound follows from Jensen's inequality, the upper one from the lower ends of the bins.
    """
    test, classes = results.metrics.test, len(results.classes)
    wrong = sum(map(loss_of, results.wrong))
    right = test.images - test.errors
    total = sum(row.images * row.confidence for row in results.bins)
    mean = (total - sum(row.confidence for row in results.wrong)) / right if right else 1
    low = right * -math.log(max(min(mean, 1), SMALLEST_PROBABILITY))
    high = sum(
        (row.images - wrong_in(row)) * -math.log(max(row.low, 1 / classes)) for row in results.bins
    )
    low, high = ((wrong + bound) / test.images for bound in (low, high))
    margin = 10 * NEAR * (1 + high)
    if not low - margin <= test.loss <= high + margin:
        expected = f"{low:g} to {high:g}"
        source = "misclassified.csv with calibration.csv"
        same("test.loss of metrics.json", test.loss, expected, source)


def loss_of(answer: Answer) -> float:
    """Return the cross-entropy of an answer, in nats."""
    return -math.log(max(answer.label_probability, SMALLEST_PROBABILITY))


def _check_bin(row: BinRow, number: int, wrong: int) -> None:
    same(f"the lower end {_of(row)}", row.low, to_digits(number / BINS), "its number")
    same(f"the upper end {_of(row)}", row.high, to_digits((number + 1) / BINS), "its number")
    accuracy = to_digits((row.images - wrong) / row.images)
    same(f"the accuracy {_of(row)}", row.accuracy, accuracy, "a whole number of its images")
    if not row.low - NEAR <= row.confidence <= row.high + NEAR:
        within = f"{row.low:g} to {row.high:g}"
        same(f"the confidence {_of(row)}", row.confidence, within, "the bin itself")


def _of(row: BinRow) -> str:
    return f"of the bin from {row.low:g} in calibration.csv"
