"""Stage ``report``: show the data, the training and the errors in pictures on one page."""

from pathlib import Path

import numpy as np

from stages.params.dataset import Dataset
from stages.reporting import charts, gallery, handwriting
from stages.reporting.cards import address, cards, least_sure, shown_errors
from stages.reporting.page import most_confused, render
from stages.reporting.style import drawable, png, svg
from stages.results import files
from stages.results.agreement import check_agreement
from stages.results.answers import read_predictions, read_wrong
from stages.results.calibration import expected_error
from stages.results.disagreement import same
from stages.results.handwriting import TEXTS
from stages.results.models import DigitRow, HandwritingSummary
from stages.results.reading import (
    Results,
    read_bins,
    read_checks,
    read_classes,
    read_digits,
    read_handwriting,
    read_history,
    read_metrics,
    read_pairs,
    read_retrain_history,
)
from stages.shared import artifacts
from stages.shared.artifacts import ArtifactError
from stages.shared.blocks import extremes
from stages.shared.command import PathOption
from stages.shared.coverage import coverage
from stages.shared.formats import FormatError
from stages.shared.parameters import Parameters, Seeded
from stages.shared.text import printable

# The files that the page links to, by the names of the links.
_LINKED = {
    "metrics": files.METRICS,
    "predictions": files.PREDICTIONS,
    "misclassified": files.MISCLASSIFIED,
    "class_table": files.CLASSES,
    "confusion_matrix": files.CONFUSION_MATRIX,
    "calibration": files.CALIBRATION,
    "uncalibrated": files.UNCALIBRATED,
    "handwriting": files.HANDWRITING,
    "history": files.HISTORY,
    "retrain_history": files.RETRAIN_HISTORY,
    "checks": files.CHECKS_PAGE,
}


MOST_DRAWN_CLASSES = 32
"""Most classes of the picture of the confusion matrix; the page has more."""
ACCURACY_WANTED = 0.999
"""The accuracy for which the page says how many images can be answered."""


def main(
    params: PathOption,
    arrays: PathOption,
    folder: PathOption,
    digits: PathOption,
    reports: PathOption,
) -> None:
    """Read the results in ``reports``, and write the figures and the page to it.

    ``digits`` are the images found on the pictures in ``folder``.
    """
    parameters = Parameters(params)
    dataset = parameters.chosen("dataset", Dataset)
    seed = parameters.chosen("recipe", Seeded).seed
    names, lookalikes = dataset.classes, dataset.lookalikes
    visible = drawable([printable(name) for name in names])
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")
    test_images = artifacts.read_array(arrays / "test_images.npy")
    seen = artifacts.read_array(digits)
    results = _results(reports, names, len(test_images))
    summary, rows = _read_handwriting(reports, len(seen))
    _check_pictures(folder, summary, rows)

    answers = artifacts.read_table(reports / files.PREDICTIONS)
    # The answer to an image is in the row of its index.
    wrong = answers.iloc[[row.index for row in results.wrong]]
    label_of = {name: label for label, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), int)
    for row in results.pairs:
        counts[label_of[row.actual], label_of[row.predicted]] = row.count
    confused = most_confused(counts, MOST_DRAWN_CLASSES)
    learning = charts.history(
        artifacts.read_table(reports / files.HISTORY),
        artifacts.read_table(reports / files.RETRAIN_HISTORY),
    )
    bins = artifacts.read_table(reports / files.CALIBRATION)
    uncalibrated = artifacts.read_table(reports / files.UNCALIBRATED)
    # A recipe without calibration has the same bins.
    before = None if uncalibrated.equals(bins) else uncalibrated
    read = artifacts.read_table(reports / files.HANDWRITING, TEXTS)
    drawn = {
        name: png(figure)
        for name, figure in {
            "data_grid": gallery.data_grid(images, labels, visible),
            "lookalikes": gallery.lookalikes(
                images,
                labels,
                visible,
                visible[label_of[lookalikes.of]],
                visible[label_of[lookalikes.resembling]],
            ),
            "history": learning,
            "first_predictions": gallery.first_predictions(test_images, answers, visible),
            "misclassified": gallery.misclassified(test_images, wrong, visible),
            "confusion_matrix": charts.confusion_matrix(
                counts[np.ix_(confused, confused)], [visible[number] for number in confused]
            ),
        }.items()
    }
    pixels = extremes(test_images)
    page = render(
        title=dataset.title,
        recipe=parameters.name("recipe"),
        seed=seed,
        classes=names,
        lookalikes=(lookalikes.of, lookalikes.resembling),
        metrics=results.metrics.model_dump(),
        calibration={
            "error_before": None if before is None else expected_error(before),
            "accuracy": ACCURACY_WANTED,
            "coverage": coverage(
                answers["confidence"].to_numpy(),
                (answers["label"] == answers["predicted"]).to_numpy(),
                ACCURACY_WANTED,
            ),
        },
        class_table=artifacts.read_table(reports / files.CLASSES),
        confusions=counts,
        checks=results.checks.model_dump(),
        wrong=cards(shown_errors(wrong), test_images, pixels, len(names)),
        least_sure=cards(least_sure(answers), test_images, pixels, len(names)),
        charts={"history": svg(learning), "reliability": svg(charts.reliability(bins, before))},
        pictures={name: address(content, "image/png") for name, content in drawn.items()},
        handwriting={
            "summary": summary.model_dump(),
            "pictures": handwriting.shown(
                folder, read, seen, summary.no_digit_found, names, pixels
            ),
        },
        links=_LINKED,
    )

    for name, content in drawn.items():
        artifacts.write_bytes(reports / files.FIGURES / f"{name}.png", content)
    artifacts.write_text(reports / files.PAGE, page)


def _results(reports: Path, names: tuple[str, ...], images: int) -> Results:
    """Read the results for the test images; ``ArtifactError`` if they contradict each other."""
    results = Results(
        artifacts.read(reports / files.METRICS, read_metrics),
        artifacts.read(reports / files.CHECKS, read_checks),
        artifacts.read(reports / files.CLASSES, read_classes),
        artifacts.read(reports / files.CONFUSION_MATRIX, read_pairs),
        artifacts.read(reports / files.CALIBRATION, read_bins),
        artifacts.read(reports / files.MISCLASSIFIED, read_wrong),
    )
    before = artifacts.read(reports / files.UNCALIBRATED, read_bins)
    artifacts.read(reports / files.HISTORY, read_history)
    artifacts.read(reports / files.RETRAIN_HISTORY, read_retrain_history)
    predictions = artifacts.read(reports / files.PREDICTIONS, read_predictions)
    try:
        check_agreement(results, names, predictions)
        same("test.images", results.metrics.test.images, images, "test_images.npy")
        same(
            "the images of uncalibrated.csv",
            sum(row.images for row in before),
            images,
            "test_images.npy",
        )
    except FormatError as error:
        raise ArtifactError(f"{reports}: {error}; run `dvc repro`.") from None
    return results


def _read_handwriting(reports: Path, seen: int) -> tuple[HandwritingSummary, list[DigitRow]]:
    """Read the results for the pictures; ``ArtifactError`` if they contradict each other."""
    summary = artifacts.read(reports / files.HANDWRITING_SUMMARY, read_handwriting)
    rows = artifacts.read(reports / files.HANDWRITING, read_digits)
    try:
        found = summary.digits + summary.not_a_digit
        same("the digits of handwriting.json", found, len(rows), files.HANDWRITING)
        same("the digits of handwriting.csv", len(rows), seen, "handwriting_digits.npy")
    except FormatError as error:
        raise ArtifactError(f"{reports}: {error}; run `dvc repro`.") from None
    return summary, rows


def _check_pictures(folder: Path, summary: HandwritingSummary, rows: list[DigitRow]) -> None:
    for name in (*(row.picture for row in rows), *summary.no_digit_found):
        if not (folder / name).is_file():
            raise ArtifactError(
                f"{files.HANDWRITING}: expected {name} in {folder}, found none; run `dvc repro`."
            )
