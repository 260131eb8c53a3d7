"""Stage ``report``: show the data, the training and the errors in pictures on one page."""

import os
from pathlib import Path

from stages.params import read_params
from stages.reporting import charts, gallery, handwriting
from stages.reporting.cards import address, cards, least_sure, shown_errors
from stages.reporting.page import render
from stages.reporting.style import png, svg
from stages.results.agreement import check_agreement
from stages.results.disagreement import same
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
    read_predictions,
    read_retrain_history,
    read_wrong,
)
from stages.shared import artifacts
from stages.shared.artifacts import ArtifactError
from stages.shared.command import PathOption
from stages.shared.formats import FormatError


def main(
    params: PathOption,
    arrays: PathOption,
    checks: PathOption,
    history: PathOption,
    retrain_history: PathOption,
    metrics: PathOption,
    predictions: PathOption,
    misclassified: PathOption,
    classes: PathOption,
    confusion_matrix: PathOption,
    calibration: PathOption,
    folder: PathOption,
    digits: PathOption,
    read: PathOption,
    read_summary: PathOption,
    figures: PathOption,
    page: PathOption,
) -> None:
    """Read the results of the other stages, and write the ``figures`` and the ``page``."""
    parameters = read_params(params)
    dataset, recipe = parameters.chosen_dataset, parameters.chosen_recipe
    names, lookalikes = dataset.classes, dataset.lookalikes
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")
    test_images = artifacts.read_array(arrays / "test_images.npy")
    results = Results(
        artifacts.read(metrics, read_metrics),
        artifacts.read(checks, read_checks),
        artifacts.read(classes, read_classes),
        artifacts.read(confusion_matrix, read_pairs),
        artifacts.read(calibration, read_bins),
        artifacts.read(misclassified, read_wrong),
    )
    found = artifacts.read(read_summary, read_handwriting)
    rows = artifacts.read(read, read_digits)
    seen = artifacts.read_array(digits)
    artifacts.read(history, read_history)
    artifacts.read(retrain_history, read_retrain_history)
    try:
        check_agreement(results, names, artifacts.read(predictions, read_predictions))
        same("test.images", results.metrics.test.images, len(test_images), "test_images.npy")
        same("the digits of handwriting.json", found.digits, len(rows), "handwriting.csv")
        same("the digits of handwriting.csv", len(rows), len(seen), digits.name)
    except FormatError as error:
        raise ArtifactError(f"{metrics.parent}: {error}; run `dvc repro`.") from None
    for name in (*(row.picture for row in rows), *found.no_digit_found):
        if not (folder / name).is_file():
            raise ArtifactError(
                f"{read}: expected {name} in {folder}, found none; run `dvc repro`."
            )
    answers = artifacts.read_table(predictions)
    wrong = artifacts.read_table(misclassified)
    # The table has a row for each pair of classes, in order.
    pairs = artifacts.read_table(confusion_matrix)
    counts = pairs["count"].to_numpy().reshape(len(names), len(names))
    learning = charts.history(artifacts.read_table(history), artifacts.read_table(retrain_history))
    drawn = {
        name: png(figure)
        for name, figure in {
            "data_grid": gallery.data_grid(images, labels, names),
            "lookalikes": gallery.lookalikes(
                images, labels, names, lookalikes.of, lookalikes.resembling
            ),
            "history": learning,
            "first_predictions": gallery.first_predictions(test_images, answers, names),
            "misclassified": gallery.misclassified(test_images, wrong, names),
            "confusion_matrix": charts.confusion_matrix(counts, names),
        }.items()
    }
    linked = {
        "metrics": metrics,
        "predictions": predictions,
        "misclassified": misclassified,
        "class_table": classes,
        "confusion_matrix": confusion_matrix,
        "calibration": calibration,
        "handwriting": read,
        "history": history,
        "retrain_history": retrain_history,
        "checks": checks.with_suffix(".html"),
    }
    text = render(
        title=dataset.title,
        recipe=parameters.recipe,
        seed=recipe.seed,
        classes=names,
        lookalikes=(lookalikes.of, lookalikes.resembling),
        metrics=results.metrics.model_dump(),
        class_table=artifacts.read_table(classes),
        confusions=counts,
        checks=results.checks.model_dump(),
        wrong=cards(shown_errors(wrong), test_images),
        least_sure=cards(least_sure(answers), test_images),
        charts={
            "history": svg(learning),
            "reliability": svg(charts.reliability(artifacts.read_table(calibration))),
        },
        pictures={name: address(content, "image/png") for name, content in drawn.items()},
        handwriting={
            "summary": found.model_dump(),
            "pictures": handwriting.shown(
                folder,
                artifacts.read_table(read, handwriting.TEXTS),
                seen,
                found.no_digit_found,
                names,
            ),
        },
        links={name: _relative(path, page.parent) for name, path in linked.items()},
    )

    for name, content in drawn.items():
        artifacts.write_bytes(figures / f"{name}.png", content)
    artifacts.write_text(page, text)


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
