"""A metric has a known value in a test, a place on the page, and a tolerance on other machines."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.verification.tolerances import tolerance_of
from stages.results import models
from tests.helpers import ROOT

METRICS = sorted(models.TestMetrics.model_fields)
PAGE = "stages/reporting/page.html.jinja"
TEST = "tests/stages/results/test_metrics.py"
COUNTS = {"errors", "images"}
# The number of test images follows from the data alone.
SAME_EVERYWHERE = {"images"}


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_is_tested_with_a_known_value(metric: str) -> None:
    assert f'"{metric}"' in (ROOT / TEST).read_text(), f"test {metric} with a known value in {TEST}"


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_has_a_place_on_the_page(metric: str) -> None:
    assert f"test.{metric}" in (ROOT / PAGE).read_text(), f"show metrics.test.{metric} in {PAGE}"


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_has_a_tolerance_on_other_machines(metric: str, tmp_path: Path) -> None:
    test: dict[str, Any] = {
        name: 100 if name in COUNTS else 0.5 for name in models.TestMetrics.model_fields
    }
    near = test | {metric: test[metric] + (1 if metric in COUNTS else 1e-9)}
    recorded, found = tmp_path / "recorded.json", tmp_path / "found.json"
    recorded.write_text(json.dumps({"test": test}))
    found.write_text(json.dumps({"test": near}))
    tolerance = tolerance_of("reports/metrics.json")
    assert tolerance

    violation = tolerance.violation(recorded, found)

    assert (violation is None) == (metric not in SAME_EVERYWHERE), (
        f"give test.{metric} a limit in pipelines/verification/tolerances.py"
    )
