"""Check that recorded results agree with each other, by computing each number from the others."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist

from stages.results.answers import Prediction, WrongAnswer
from stages.results.bins import check_bins, check_loss
from stages.results.disagreement import check_numbers, same, to_digits
from stages.results.models import ClassRow
from stages.results.reading import Results
from stages.results.recount import check_follows
from stages.shared.formats import FormatError

_CLASSES = "the list of classes"

Counts = Counter[tuple[int, int]]
"""Number of images by actual and predicted class."""


def check_agreement(
    results: Results, classes: Sequence[str], predictions: Sequence[Prediction] | None = None
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
    number = {name: place for place, name in enumerate(names)}
    counts: Counts = Counter()
    last = (-1, -1)
    for row in results.pairs:
        pair = number.get(row.actual, -1), number.get(row.predicted, -1)
        if pair <= last or -1 in pair:
            raise FormatError(
                "expected the pairs of confusion_matrix.csv to be in the order of classes.csv, "
                f"found {row.actual} and {row.predicted}"
            )
        counts[pair], last = row.count, pair
    return counts


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
        check_numbers(row, len(classes), "misclassified.csv")
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
    for actual, predicted in sorted(found.keys() | counts.keys()):
        if actual != predicted:
            what = f"the images of {classes[actual]} predicted as {classes[predicted]} in"
            errors, expected = found[actual, predicted], counts[actual, predicted]
            same(f"{what} misclassified.csv", errors, expected, "confusion_matrix.csv")


def _wilson(right: int, images: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of E. B. Wilson (1927) for a proportion."""
    z = NormalDist().inv_cdf(0.975)
    middle = (right + z * z / 2) / (images + z * z)
    half = z * math.sqrt(right * (images - right) / images + z * z / 4) / (images + z * z)
    return max(middle - half, 0), min(middle + half, 1)
