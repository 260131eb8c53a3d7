import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages import artifacts
from stages.report import main

FIGURES = [
    "confusion_matrix.png",
    "data_grid.png",
    "first_predictions.png",
    "history.png",
    "lookalikes.png",
    "misclassified.png",
]


def report(report_inputs: dict[str, Path], folder: Path) -> dict[str, bytes]:
    """What the stage writes to an empty folder."""
    main(**report_inputs, figures=folder / "figures", page=folder / "index.html")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_page_and_its_pictures_are_written(
    report_inputs: dict[str, Path], tmp_path: Path
) -> None:
    written = report(report_inputs, tmp_path / "out")

    assert list(written) == [*(f"figures/{name}" for name in FIGURES), "index.html"]
    page = written.pop("index.html").decode()
    assert all(content.startswith(b"\x89PNG") for content in written.values())
    errors = artifacts.read_json(report_inputs["metrics"])["test"]["errors"]
    assert errors > 40
    wrong = [
        (actual, predicted)
        for actual, predicted in re.findall(r'data-actual="(\d)" data-predicted="(\d)">\n', page)
        if actual != predicted
    ]
    assert len(wrong) == errors


def test_the_same_inputs_give_the_same_bytes(
    report_inputs: dict[str, Path], tmp_path: Path
) -> None:
    assert report(report_inputs, tmp_path / "one") == report(report_inputs, tmp_path / "two")


def test_the_page_links_the_tables_from_where_it_lies(
    report_inputs: dict[str, Path], tmp_path: Path
) -> None:
    beside = report(report_inputs, tmp_path / "reports")["index.html"].decode()
    elsewhere = report(report_inputs, tmp_path / "out")["index.html"].decode()

    assert 'href="misclassified.csv"' in beside
    assert 'href="../reports/misclassified.csv"' in elsewhere


def test_without_errors_the_report_still_stands(
    report_inputs: dict[str, Path], tmp_path: Path
) -> None:
    header = report_inputs["misclassified"].read_text().splitlines()[0]
    report_inputs["misclassified"].write_text(header + "\n")
    measured: dict[str, Any] = artifacts.read_json(report_inputs["metrics"])
    measured["test"]["errors"] = 0
    artifacts.write_json(report_inputs["metrics"], measured)

    page = report(report_inputs, tmp_path / "out")["index.html"].decode()

    assert "Every test image is classified correctly." in page


def test_a_bad_models_page_stays_small(report_inputs: dict[str, Path], tmp_path: Path) -> None:
    answers = artifacts.read_table(report_inputs["misclassified"])
    copies = 9000 // len(answers) + 1
    many = pd.concat([answers] * copies, ignore_index=True)
    artifacts.write_table(report_inputs["misclassified"], many)
    measured: dict[str, Any] = artifacts.read_json(report_inputs["metrics"])
    measured["test"]["errors"] = len(many)
    artifacts.write_json(report_inputs["metrics"], measured)

    page = report(report_inputs, tmp_path / "out")["index.html"]

    assert f"1,500 of {len(many):,}\N{NO-BREAK SPACE}errors are shown" in page.decode()
    assert len(page) < 5e6


def test_a_missing_input_is_named_and_the_last_report_stands(
    report_inputs: dict[str, Path], tmp_path: Path
) -> None:
    before = report(report_inputs, tmp_path / "out")
    report_inputs["metrics"].unlink()

    with pytest.raises(artifacts.ArtifactError, match=r"metrics\.json: .*no such file"):
        report(report_inputs, tmp_path / "out")

    after = {name: (tmp_path / "out" / name).read_bytes() for name in before}
    assert after == before


def test_the_stage_pays_for_no_library_that_it_does_not_need() -> None:
    slow = "{'tensorflow', 'scipy', 'sklearn', 'great_expectations', 'matplotlib.pyplot'}"
    program = f"import sys, stages.report; print(sorted({slow} & sys.modules.keys()))"

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"
