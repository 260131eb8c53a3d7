"""Results as the stages write them."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from stages.results import handwriting, metrics
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


def probabilities_of(answers: pd.DataFrame, classes: int) -> Array:
    """Give the probabilities that a table of at most ten classes was made of."""
    found = np.empty((len(answers), classes))
    rows = np.arange(len(answers))
    found[rows, answers["predicted"]] = answers["confidence"]
    for place in range(2, 1 + classes):
        found[rows, answers[f"class_{place}"]] = answers[f"probability_{place}"]
    return found


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
        "uncalibrated.csv": calibration(table),
    }.items():
        artifacts.write_table(reports / name, content)
    history = artifacts.read_table(reports / "history.csv")
    artifacts.write_json(reports / "metrics.json", metrics.summary(table, history, b"weights"))


def write_inputs(
    report_inputs: dict[str, Path],
    names: Sequence[str],
    probabilities: Array,
    labels: Array,
    edit: Callable[[Path, str, Any], None],
) -> None:
    """Write what the stage `report` reads of these answers in classes of these names."""
    params, reports = report_inputs["params"], report_inputs["reports"]
    edit(params, "datasets.mnist.classes", list(names))
    edit(params, "datasets.mnist.lookalikes", {"of": names[5], "resembling": names[3]})
    write_results(reports, probabilities, labels, names)
    read = handwriting.answers(["7.png"], probabilities[:1], names, None, np.zeros(1, bool))
    artifacts.write_table(reports / "handwriting.csv", read)
    summary = handwriting.summary(read, ["7.png"], {}, names)
    artifacts.write_json(reports / "handwriting.json", summary)


@pytest.fixture(scope="session")
def finished_reports(
    small_mnist: dict[str, Array], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder reports/ as a run leaves it: the nearest class mean is the classifier."""
    flat = {
        name: small_mnist[f"{name}_images"].reshape(-1, 784) / 255 for name in ("train", "test")
    }
    labels = small_mnist["train_labels"]
    means = np.stack([flat["train"][labels == number].mean(axis=0) for number in range(10)])
    distances = np.square(flat["test"][:, np.newaxis] - means).sum(axis=2)
    likelihood = np.exp(distances.min(axis=1, keepdims=True) - distances).astype(np.float32)
    probabilities = likelihood / likelihood.sum(axis=1, keepdims=True)
    reports = tmp_path_factory.mktemp("finished") / "reports"
    artifacts.write_text(reports / "history.csv", "epoch,loss,accuracy\n1,0.5,0.75\n2,0.25,0.8\n")
    artifacts.write_text(reports / "retrain_history.csv", "epoch,loss\n1,0.4\n2,0.2\n")
    write_results(reports, probabilities, small_mnist["test_labels"])
    artifacts.write_json(reports / "checks.json", CHECKS)
    read = handwriting.answers(["7.png"], probabilities[:1], CLASSES, None, np.zeros(1, bool))
    artifacts.write_table(reports / "handwriting.csv", read)
    artifacts.write_json(
        reports / "handwriting.json", handwriting.summary(read, ["7.png"], {}, CLASSES)
    )
    return reports


@pytest.fixture
def report_inputs(
    tmp_path: Path,
    small_arrays: Path,
    small_params: Path,
    small_mnist: dict[str, Array],
    finished_reports: Path,
) -> dict[str, Path]:
    """What the stage reads."""
    shutil.copytree(finished_reports, tmp_path / "reports")
    folder = tmp_path / "handwriting"
    folder.mkdir()
    Image.new("L", (90, 60), 200).save(folder / "7.png")
    artifacts.write_array(tmp_path / "digits.npy", small_mnist["test_images"][:1])
    return {
        "params": small_params,
        "arrays": small_arrays,
        "folder": folder,
        "digits": tmp_path / "digits.npy",
        "reports": tmp_path / "reports",
    }
