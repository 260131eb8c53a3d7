"""Check that recorded results agree with each other, by computing each number from the others."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import product
from statistics import NormalDist

from stages.results.bins import check_bins, check_loss
from stages.results.disagreement import same, to_digits
from stages.results.models import Answer, ClassRow, WrongAnswer
from stages.results.reading import Results
from stages.results.recount import check_follows
from stages.shared.formats import FormatError

_CLASSES = "the list of classes"

Counts = dict[tuple[int, int], int]
"""Number of images by actual and predicted class."""


def check_agreement(
    results: Results, classes: Sequence[str], predictions: Sequence[Answer] | None = None
) -> None:
    """Check every file against the others.

    Args:
        results: each file valid by itself.
        classes: the name of each class.
        predictions: the answer to each test image, if available.

    Raises:
        FormatError: a number in one file differs from what the other files give.
    """
    counts = _counts(results, classes)
    _check_metrics(results, counts)
    _check_data(results)
    _check_classes(results.classes, counts)
    _check_errors(results, classes, counts)
    check_bins(results)
    check_loss(results)
    if predictions is not None:
        check_follows(results, predictions)


def _counts(results: Results, classes: Sequence[str]) -> Counts:
    names = tuple(row.name for row in results.classes)
    same("the classes of classes.csv", names, tuple(classes), _CLASSES)
    same("the number of different classes", len(set(names)), len(names), "classes.csv")
    pairs = [(row.actual, row.predicted) for row in results.pairs]
    same("the pairs of confusion_matrix.csv", pairs, list(product(names, names)), "classes.csv")
    numbers = product(range(len(classes)), range(len(classes)))
    return {pair: row.count for pair, row in zip(numbers, results.pairs, strict=True)}


def _check_metrics(results: Results, counts: Counts) -> None:
    test = results.metrics.test
    images = sum(counts.values())
    errors = sum(count for (actual, predicted), count in counts.items() if actual != predicted)
    source = "confusion_matrix.csv"
    same("test.images of metrics.json", test.images, images, source)
    same("test.errors of metrics.json", test.errors, errors, source)
    right = images - errors
    same("test.accuracy of metrics.json", test.accuracy, round(right / images, 6), source)
    for end, found, expected in zip(
        ("low", "high"),
        (test.accuracy_low, test.accuracy_high),
        _wilson(right, images),
        strict=True,
    ):
        same(f"test.accuracy_{end} of metrics.json", found, round(expected, 6), source)


def _check_data(results: Results) -> None:
    for check in results.checks.expectations:
        if check.full_name in {"test-image-count", "test-label-count"}:
            what = f"what {check.full_name} of checks.json observed"
            same(what, check.observed, f"{results.metrics.test.images:,}", "metrics.json")


def _check_classes(rows: Sequence[ClassRow], counts: Counts) -> None:
    for number, row in enumerate(rows):
        right = counts[number, number]
        support = sum(counts[number, other] for other in range(len(rows)))
        predicted = sum(counts[other, number] for other in range(len(rows)))
        place = f"of class {row.name} in classes.csv"
        same(f"the support {place}", row.support, support, "confusion_matrix.csv")
        for what, found, whole in (
            ("precision", row.precision, predicted),
            ("recall", row.recall, support),
            ("f1", row.f1, (support + predicted) / 2),
        ):
            expected = to_digits(right / whole) if whole else 0
            same(f"the {what} {place}", found, expected, "confusion_matrix.csv")


def check_wrong(
    rows: Sequence[WrongAnswer], classes: Sequence[str], images: int | None = None
) -> None:
    """Check the wrong answers against the classes and, if known, the number of test images.

    Raises:
        FormatError: an answer has another class or is for no test image, or they are out of order.
    """
    last = 1.0
    for row in rows:
        place = f"of image {row.index} in misclassified.csv"
        same(f"the number of probabilities {place}", len(row.probabilities), len(classes), _CLASSES)
        names = (classes[row.label], classes[row.predicted])
        same(f"the names {place}", (row.label_name, row.predicted_name), names, _CLASSES)
        if images is not None and row.index >= images:
            raise FormatError(
                f"expected images from 0 to {images - 1} in misclassified.csv, as metrics.json "
                f"counts them, found {row.index}"
            )
        if row.confidence > last:
            raise FormatError(
                "expected misclassified.csv to begin with the most confident answers, found image "
                f"{row.index} after a less confident one"
            )
        last = row.confidence


def _check_errors(results: Results, classes: Sequence[str], counts: Counts) -> None:
    check_wrong(results.wrong, classes, results.metrics.test.images)
    found = Counter((row.label, row.predicted) for row in results.wrong)
    for (actual, predicted), count in counts.items():
        if actual != predicted:
            what = f"the images of {classes[actual]} predicted as {classes[predicted]} in"
            pair = found[actual, predicted]
            same(f"{what} misclassified.csv", pair, count, "confusion_matrix.csv")


def _wilson(right: int, images: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of E. B. Wilson (1927) for a proportion."""
    z = NormalDist().inv_cdf(0.975)
    middle = (right + z * z / 2) / (images + z * z)
    half = z * math.sqrt(right * (images - right) / images + z * z / 4) / (images + z * z)
    return max(middle - half, 0), min(middle + half, 1)
