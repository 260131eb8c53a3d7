import json
from pathlib import Path

import pytest

from pipelines.git.repository import Repository
from pipelines.verification.summary import summary
from tests.pipelines.repositories import isolate, run

# By hand: Wilson's interval for 950 of 1,000 at 1.96 standard deviations.
RESULT = "Test accuracy 95.00% (95% interval 93.47% to 96.19%): 50 errors in 1,000 images."
METRICS = {
    "test": {
        "accuracy": 0.95,
        "accuracy_low": 0.934687,
        "accuracy_high": 0.96187,
        "errors": 50,
        "images": 1000,
        "loss": 0.1,
        "calibration_error": 0.01,
    },
    "validation": {"accuracy": 0.9},
    "weights": {"sha256": "a" * 64},
}


def record(folder: Path, *, weights: str, cpu: str, image: str = "0" * 32) -> None:
    """Write what a training on a processor records."""
    (folder / "dvc.lock").write_text(
        "stages:\n  train:\n    cmd: python train.py\n"
        f"    deps:\n    - {{path: images, md5: {image}, size: 1}}\n"
        f"    outs:\n    - {{path: weights, md5: {weights}, size: 1}}\n"
    )
    entry = {"system": "Linux", "cpu": cpu}
    provenance = json.dumps({"train": {weights: entry}})
    (folder / "models" / "provenance.json").write_text(provenance)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose last commit records a training on the processor A."""
    isolate(monkeypatch, tmp_path)
    for name in ("models", "reports"):
        (tmp_path / name).mkdir()
    (tmp_path / "reports" / "metrics.json").write_text(json.dumps(METRICS))
    record(tmp_path, weights="a" * 32, cpu="A")
    run(tmp_path, "git", "init", "--quiet")
    run(tmp_path, "git", "add", "--all")
    run(tmp_path, "git", "commit", "--quiet", "-m", "Record")
    return tmp_path


def test_result_and_report_are_two_lines(folder: Path) -> None:
    assert summary(Repository(folder)) == [RESULT, "Report: reports/index.html"]


def test_without_metrics_there_is_nothing_to_summarize(folder: Path) -> None:
    (folder / "reports" / "metrics.json").unlink()

    assert summary(Repository(folder)) == []


def test_another_processor_explains_other_outputs_of_the_same_inputs(folder: Path) -> None:
    record(folder, weights="b" * 32, cpu="B")

    *_, explanation = summary(Repository(folder))

    assert explanation == (
        "The outputs differ from those of the last commit because another kind of processor "
        'computed them: train: cpu: recorded "A", here "B". To check that they agree within the '
        "tolerances: python -m pipelines verify HEAD"
    )


@pytest.mark.parametrize(
    "now",
    [
        {"weights": "a" * 32, "cpu": "B"},
        {"weights": "b" * 32, "cpu": "A"},
        {"weights": "b" * 32, "cpu": "B", "image": "1" * 32},
    ],
    ids=["same outputs", "same processor", "other inputs"],
)
def test_processor_is_not_named_without_need(folder: Path, now: dict[str, str]) -> None:
    record(folder, **now)

    assert len(summary(Repository(folder))) == 2


def test_result_is_shown_before_the_first_commit(folder: Path) -> None:
    run(folder, "git", "update-ref", "-d", "HEAD")

    assert summary(Repository(folder))[0] == RESULT


@pytest.mark.parametrize("content", ["{}", "[", '{"test": {"accuracy": 1}}'])
def test_metrics_of_another_form_have_no_summary(folder: Path, content: str) -> None:
    (folder / "reports" / "metrics.json").write_text(content)

    assert summary(Repository(folder)) == []
