"""The gate, which checks the results of the working copy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.in_process import dvc
from tests.pipelines.promoting import commit, commit_all, gate_report, promote, run_gate

Edit = Callable[[Path, str, Any], None]


def test_gate_writes_each_criterion_with_its_numbers_and_result(promotable: Path) -> None:
    code, output = run_gate(promotable)
    assert code == 0
    assert "The model may be promoted to production, as the first version" in output
    found = gate_report(promotable)
    assert (found["passed"], found["stage"], found["promoted"]) == (True, "production", None)
    assert found["criteria"][0] == {
        "criterion": "test accuracy",
        "passed": True,
        "found": 0.95,
        "required": "at least 0.9",
    }
    assert sorted(found["digests"]) == [
        "reports/calibration.csv",
        "reports/checks.json",
        "reports/classes.csv",
        "reports/confusion_matrix.csv",
        "reports/metrics.json",
        "reports/misclassified.csv",
    ]


def test_gate_writes_the_same_bytes_again(promotable: Path) -> None:
    before = (promotable / "reports" / "gate.json").read_bytes()
    run_gate(promotable)
    assert (promotable / "reports" / "gate.json").read_bytes() == before


def test_failed_gate_exits_with_3(promotable: Path) -> None:
    commit(promotable, 150)
    code, output = run_gate(promotable)
    assert code == 3
    assert "may not be promoted" in output
    assert "recall of each class: found class cat, recall 0.7, required at least 0.8" in output


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (
            "gate.max_regression",
            2,
            "params.yaml: gate.max_regression must be less than 1, found 2",
        ),
        ("gate", None, "params.yaml: expected a section gate, found none"),
    ],
)
def test_invalid_criteria_are_rejected_in_one_sentence(
    promotable: Path, edit: Edit, place: str, value: object, sentence: str
) -> None:
    edit(promotable / "params.yaml", place, value)
    code, output = run_gate(promotable)
    assert (code, output.startswith(f"error: {sentence}")) == (1, True), output


def test_missing_and_truncated_results_are_rejected_in_one_sentence(promotable: Path) -> None:
    (promotable / "reports" / "metrics.json").write_text('{"test": {')
    code, output = run_gate(promotable)
    expected = (
        "error: the working copy: reports/metrics.json: expected a JSON file, found a mistake"
    )
    assert (code, output.startswith(expected)) == (1, True), output
    (promotable / "reports" / "metrics.json").unlink()
    code, output = run_gate(promotable)
    assert (code, "expected reports/metrics.json, found none" in output) == (1, True)


@pytest.mark.parametrize(
    ("path", "before", "after", "found"),
    [
        ("reports/metrics.json", "0.95", "1e999", "the number 1e999, which is not finite"),
        ("reports/metrics.json", '"images": 1000', '"images": 0', "test.images must be from 1"),
        ("reports/classes.csv", "cat,500,1,0.9,0.947368\ndog", "dog", "at least 2 rows, found 1"),
        ("reports/predictions.csv", "0,0,1,", "0,0,0,", "`dvc checkout reports/predictions.csv`"),
        ("reports/checks.json", "}]}", "}]}" + "[" * 100_000, "expected a JSON file, found"),
        ("dvc.yaml", "artifacts:", "artifacts: null\nothers:", "expected a section artifacts"),
        ("dvc.lock", "stages:", "stages: null\nothers:", "expected dvc.lock to record the stages"),
    ],
)
def test_invalid_results_get_no_gate_report(
    promotable: Path, path: str, before: str, after: str, found: str
) -> None:
    report_before = (promotable / "reports" / "gate.json").read_bytes()
    text = (promotable / path).read_text()
    assert before in text
    # DVC links it to its cache.
    (promotable / path).unlink()
    (promotable / path).write_text(text.replace(before, after, 1))
    commit_all(promotable, "Nonsense")
    code, output = run_gate(promotable)
    assert (code, found in output, output.count("\n")) == (1, True, 1), output
    assert (promotable / "reports" / "gate.json").read_bytes() == report_before
    code, output = promote(promotable)
    if path != "reports/predictions.csv":
        assert (code, output.count("\n")) == (1, 1), output


def test_predictions_that_contradict_the_metrics_are_rejected(promotable: Path) -> None:
    """Results that agree with each other, and that dvc.lock records, but with one answer forged."""
    answers = promotable / "reports" / "predictions.csv"
    text = answers.read_text()
    answers.unlink()
    answers.write_text(text.replace("0,0,1,0.9,0.1,0,0.1\n", "0,0,0,0.9,0.9,1,0.1\n", 1))
    dvc(promotable, "commit", "--force", "evaluate")
    code, output = run_gate(promotable)
    assert code == 1
    assert "to be 451, as predictions.csv gives it, found 450; run the pipeline there." in output
