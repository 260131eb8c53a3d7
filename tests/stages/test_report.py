import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.report import main
from stages.shared import artifacts
from stages.shared.artifacts import Array
from tests.reports import write_inputs, write_results

FIGURES = [
    "confusion_matrix.png",
    "data_grid.png",
    "first_predictions.png",
    "history.png",
    "lookalikes.png",
    "misclassified.png",
]


def report(report_inputs: dict[str, Path]) -> dict[str, bytes]:
    """Run the stage, and return what it has written."""
    reports = report_inputs["reports"]
    before = set(reports.rglob("*"))
    main(**report_inputs)
    written = sorted(path for path in set(reports.rglob("*")) - before if path.is_file())
    return {str(path.relative_to(reports)): path.read_bytes() for path in written}


def test_the_page_and_its_pictures_are_written(report_inputs: dict[str, Path]) -> None:
    written = report(report_inputs)

    assert list(written) == [*(f"figures/{name}" for name in FIGURES), "index.html"]
    page = written.pop("index.html").decode()
    assert all(content.startswith(b"\x89PNG") for content in written.values())
    errors = artifacts.read_json(report_inputs["reports"] / "metrics.json")["test"]["errors"]
    assert errors > 40
    wrong = [
        (actual, predicted)
        for actual, predicted in re.findall(r'data-actual="(\d)" data-predicted="(\d)">\n', page)
        if actual != predicted
    ]
    assert len(wrong) == errors


def test_the_same_inputs_give_the_same_bytes(report_inputs: dict[str, Path]) -> None:
    one = report(report_inputs)
    shutil.rmtree(report_inputs["reports"] / "figures")
    (report_inputs["reports"] / "index.html").unlink()

    assert report(report_inputs) == one


def test_the_page_links_the_tables_beside_it(report_inputs: dict[str, Path]) -> None:
    page = report(report_inputs)["index.html"].decode()

    linked = re.findall(r'href="([^"#:]+\.(?:csv|json|html))"', page)

    assert "misclassified.csv" in linked
    assert {name for name in linked if not (report_inputs["reports"] / name).is_file()} == {
        "checks.html"  # written by another stage
    }


def test_without_errors_the_report_still_stands(
    report_inputs: dict[str, Path], tmp_path: Path, small_mnist: dict[str, Array]
) -> None:
    labels = small_mnist["test_labels"]
    write_results(tmp_path / "reports", np.eye(10, dtype=np.float32)[labels], labels)

    page = report(report_inputs)["index.html"].decode()

    assert "Every test image is classified correctly." in page


@pytest.mark.slow
def test_a_bad_models_page_stays_small(
    report_inputs: dict[str, Path], tmp_path: Path, small_mnist: dict[str, Array]
) -> None:
    images, labels = (
        np.concatenate([small_mnist[f"test_{name}"]] * 45) for name in ("images", "labels")
    )
    np.save(report_inputs["arrays"] / "test_images.npy", images)
    wrong = np.eye(10, dtype=np.float32)[(labels + 1) % 10]
    write_results(tmp_path / "reports", wrong, labels)

    page = report(report_inputs)["index.html"]

    assert "300 of 9,000\N{NO-BREAK SPACE}errors are shown" in page.decode()
    assert len(page) < 1e6


@pytest.mark.slow
def test_the_report_of_a_thousand_classes_stays_small(
    report_inputs: dict[str, Path],
    small_mnist: dict[str, Array],
    edit: Callable[[Path, str, Any], None],
) -> None:
    """A fifth of 5,000 answers are wrong, in a thousand classes of up to 20 letters."""
    names = [f"class number {number}".ljust(20, "x") for number in range(1000)]
    labels = np.arange(5000, dtype=np.int16) % 1000
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(1000), 5000).astype(np.float32)
    right = random.random(5000) < 0.8
    probabilities[right, labels[right]] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    edit(report_inputs["params"], "datasets.mnist.classes", names)
    edit(
        report_inputs["params"],
        "datasets.mnist.lookalikes",
        {"of": names[5], "resembling": names[3]},
    )
    np.save(
        report_inputs["arrays"] / "test_images.npy",
        np.concatenate([small_mnist["test_images"]] * 25),
    )
    write_inputs(report_inputs, names, probabilities, labels, edit)

    page = report(report_inputs)["index.html"].decode()

    assert "The 64 classes with the most errors are shown, of 1000" in page
    assert "300 of " in page
    # predictions.csv is the only one of these that Git does not hold.
    for path in report_inputs["reports"].rglob("*.*"):
        assert path.name == "predictions.csv" or path.stat().st_size < 1e6, path


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("metrics.json", '"images": 200', '"images": 0', "images must be from 1 to"),
        ("metrics.json", '"images": 200', '"images": 201', "images of metrics.json to be 200"),
        (
            "metrics.json",
            '"loss": 1',
            '"loss": 1e999, "x": 1',
            "1e999, which is not finite",
        ),
        ("checks.json", '"failed": []', '"failed": {}', "failed must be a list"),
        (
            "classes.csv",
            "recall",
            "recal",
            "the columns class, support, precision, recall",
        ),
        ("confusion_matrix.csv", "9,9,", "9,8,", "the pairs of confusion_matrix.csv"),
        ("misclassified.csv", "label_name", "name", "expected the columns index, label"),
        (
            "predictions.csv",
            "0,7,7,",
            "0,10,7,",
            "label_probability to be that of class 10",
        ),
        ("calibration.csv", "low,", "high,", 'the column "high" twice'),
        ("uncalibrated.csv", "low,", "high,", 'the column "high" twice'),
        ("history.csv", "1,0.5,0.75", "1,nan,0.75", "line 2: loss must be"),
        ("retrain_history.csv", "epoch,loss", "loss,epoch", "expected the columns epoch, loss"),
        ("handwriting.csv", "7.png", "../7.png", "line 2: picture must"),
        ("handwriting.csv", "7.png", "8.png", "expected 8.png in "),
        (
            "handwriting.json",
            '"digits": 1',
            '"digits": 2',
            "digits of handwriting.json to be 1",
        ),
        ("handwriting.json", '"unread": {}', '"unread": []', "unread must be"),
    ],
)
def test_an_input_that_no_stage_writes_is_a_sentence_and_draws_nothing(
    report_inputs: dict[str, Path], name: str, before: str, after: str, message: str
) -> None:
    path = report_inputs["reports"] / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))

    with pytest.raises(artifacts.ArtifactError) as refused:
        report(report_inputs)

    assert message in str(refused.value)
    assert str(refused.value).count("\n") == 0
    assert not (path.parent / "figures").exists()
    assert not (path.parent / "index.html").exists()


def test_results_of_other_images_than_the_arrays_are_refused(
    report_inputs: dict[str, Path], small_mnist: dict[str, Array]
) -> None:
    np.save(report_inputs["arrays"] / "test_images.npy", small_mnist["test_images"][:100])

    with pytest.raises(
        artifacts.ArtifactError, match=r"test\.images to be 100, as test_images\.npy"
    ):
        report(report_inputs)


def test_a_missing_input_is_named_and_the_last_report_stands(
    report_inputs: dict[str, Path],
) -> None:
    before = report(report_inputs)
    (report_inputs["reports"] / "metrics.json").unlink()

    with pytest.raises(artifacts.ArtifactError, match=r"metrics\.json: .*no such file"):
        report(report_inputs)

    after = {name: (report_inputs["reports"] / name).read_bytes() for name in before}
    assert after == before


@pytest.mark.slow
def test_the_stage_pays_for_no_library_that_it_does_not_need() -> None:
    slow = "{'tensorflow', 'scipy', 'sklearn', 'great_expectations', 'matplotlib.pyplot'}"
    program = f"import sys, stages.report; print(sorted({slow} & sys.modules.keys()))"

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"
