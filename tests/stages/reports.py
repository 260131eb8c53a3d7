"""Write the results that the stages write."""

from collections.abc import Sequence
from pathlib import Path

from stages.results import metrics
from stages.results.calibration import calibration
from stages.shared import artifacts
from stages.shared.artifacts import Array

CLASSES = tuple("0123456789")

CHECKS = {
    "success": True,
    "failed": [],
    "expectations": [
        {
            "name": "image-count",
            "set": "train",
            "description": "The training set has 600 images.",
            "success": True,
            "expected": "600",
            "observed": "600",
            "unexpected_images": None,
            "unexpected_share": None,
            "first_unexpected": [],
        }
    ],
}


def write_results(
    reports: Path, probabilities: Array, labels: Array, classes: Sequence[str] = CLASSES
) -> None:
    """Write what `evaluate` writes of these answers; there is a history already."""
    table = metrics.prediction_table(probabilities, labels)
    for name, content in {
        "predictions.csv": table,
        "misclassified.csv": metrics.misclassified(table, classes),
        "classes.csv": metrics.per_class(table, classes),
        "confusion_matrix.csv": metrics.confusion_matrix(table, classes),
        "calibration.csv": calibration(table),
    }.items():
        artifacts.write_table(reports / name, content)
    history = artifacts.read_table(reports / "history.csv")
    artifacts.write_json(reports / "metrics.json", metrics.summary(table, history, b"weights"))
