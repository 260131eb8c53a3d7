import json
import logging
from pathlib import Path

import pytest

from pipelines.ui import artifacts
from pipelines.ui.artifacts import changes_of_metrics


@pytest.mark.parametrize(
    ("printed", "changes"),
    [
        (
            json.dumps(
                {"reports/metrics.json": {"test.accuracy": {"old": 1, "new": 0.5, "diff": -0.5}}}
            ),
            {"test.accuracy": {"before": 1, "after": 0.5, "change": -0.5}},
        ),
        (
            json.dumps(
                {"m.json": {"title": {"old": "a", "new": "b"}, "n": {"old": None, "new": 1}}}
            ),
            {"m.json: n": {"after": 1}},
        ),
        (
            json.dumps({"m.json": {"loss": {"old": float("nan"), "new": 1, "diff": 0}}}),
            {"m.json: loss": {"after": 1, "change": 0}},
        ),
        (json.dumps({"m.json": {"loss": {"old": 1, "new": float("inf")}}}), {}),
        (json.dumps({"m.json": {"loss": {"old": 1, "new": None}}}), {}),
        (json.dumps({"m.json": None}), {}),
        (json.dumps([1]), {}),
        ("a warning", {}),
        ("", {}),
    ],
)
def test_changes_of_metrics_contain_only_finite_numbers(
    printed: str,
    changes: dict[str, dict[str, float]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DVC is played by a module of its name in the folder that it is run in."""
    (tmp_path / "dvc.py").write_text(f"print({printed!r})")
    monkeypatch.setattr(artifacts, "get_run_logger", lambda: logging.getLogger("test"))

    assert changes_of_metrics(tmp_path, "main") == changes
