import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages import artifacts
from stages.artifacts import Array
from stages.report import main
from stages.reporting import metrics

CLASSES = tuple("0123456789")
FIGURES = [
    "confusion_matrix.png",
    "data_grid.png",
    "first_predictions.png",
    "history.png",
    "lookalikes.png",
    "misclassified.png",
]


@pytest.fixture
def inputs(
    tmp_path: Path, small_arrays: Path, small_params: Path, small_mnist: dict[str, Array]
) -> dict[str, Path]:
    """What the stage reads: the nearest class mean is the classifier."""
    flat = {
        name: small_mnist[f"{name}_images"].reshape(-1, 784) / 255 for name in ("train", "test")
    }
    labels = small_mnist["train_labels"]
    means = np.stack([flat["train"][labels == number].mean(axis=0) for number in range(10)])
    distances = np.square(flat["test"][:, np.newaxis] - means).sum(axis=2)
    likelihood = np.exp(distances.min(axis=1, keepdims=True) - distances).astype(np.float32)
    probabilities = likelihood / likelihood.sum(axis=1, keepdims=True)
    table = metrics.prediction_table(probabilities, small_mnist["test_labels"])

    reports = tmp_path / "reports"
    artifacts.write_text(reports / "history.csv", "epoch,loss,accuracy\n1,0.5,0.75\n2,0.25,0.8\n")
    artifacts.write_text(reports / "retrain_history.csv", "epoch,loss\n1,0.4\n2,0.2\n")
    artifacts.write_table(reports / "predictions.csv", table)
    artifacts.write_table(reports / "misclassified.csv", metrics.misclassified(table, CLASSES))
    artifacts.write_table(reports / "classes.csv", metrics.per_class(table, CLASSES))
    artifacts.write_table(
        reports / "confusion_matrix.csv", metrics.confusion_matrix(table, CLASSES)
    )
    history = artifacts.read_table(reports / "history.csv")
    artifacts.write_json(reports / "metrics.json", metrics.summary(table, history))
    return {
        "params": small_params,
        "arrays": small_arrays,
        "history": reports / "history.csv",
        "retrain_history": reports / "retrain_history.csv",
        "metrics": reports / "metrics.json",
        "predictions": reports / "predictions.csv",
        "misclassified": reports / "misclassified.csv",
        "classes": reports / "classes.csv",
        "confusion_matrix": reports / "confusion_matrix.csv",
    }


def report(inputs: dict[str, Path], folder: Path) -> dict[str, bytes]:
    """What the stage writes to an empty folder."""
    main(**inputs, figures=folder / "figures", page=folder / "index.html")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_page_and_its_pictures_are_written(inputs: dict[str, Path], tmp_path: Path) -> None:
    written = report(inputs, tmp_path / "out")

    assert list(written) == [*(f"figures/{name}" for name in FIGURES), "index.html"]
    page = written.pop("index.html").decode()
    assert all(content.startswith(b"\x89PNG") for content in written.values())
    assert all(f'src="{name}"' in page for name in written)
    errors = artifacts.read_json(inputs["metrics"])["test"]["errors"]
    assert errors > 40
    assert f"The 40 most confident of {errors} errors" in page


def test_the_same_inputs_give_the_same_bytes(inputs: dict[str, Path], tmp_path: Path) -> None:
    assert report(inputs, tmp_path / "one") == report(inputs, tmp_path / "two")


def test_the_page_links_the_tables_from_where_it_lies(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    beside = report(inputs, tmp_path / "reports")["index.html"].decode()
    elsewhere = report(inputs, tmp_path / "out")["index.html"].decode()

    assert 'href="misclassified.csv"' in beside
    assert 'href="../reports/misclassified.csv"' in elsewhere


def test_without_errors_the_report_still_stands(inputs: dict[str, Path], tmp_path: Path) -> None:
    header = inputs["misclassified"].read_text().splitlines()[0]
    inputs["misclassified"].write_text(header + "\n")
    measured: dict[str, Any] = artifacts.read_json(inputs["metrics"])
    measured["test"]["errors"] = 0
    artifacts.write_json(inputs["metrics"], measured)

    page = report(inputs, tmp_path / "out")["index.html"].decode()

    assert "Every test image is classified correctly." in page


def test_a_missing_input_is_named_and_the_last_report_stands(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    before = report(inputs, tmp_path / "out")
    inputs["metrics"].unlink()

    with pytest.raises(artifacts.ArtifactError, match=r"metrics\.json: .*no such file"):
        report(inputs, tmp_path / "out")

    after = {name: (tmp_path / "out" / name).read_bytes() for name in before}
    assert after == before


def test_the_stage_pays_for_no_library_that_it_does_not_need() -> None:
    slow = "{'tensorflow', 'scipy', 'sklearn', 'great_expectations', 'matplotlib.pyplot'}"
    program = f"import sys, stages.report; print(sorted({slow} & sys.modules.keys()))"

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"
