from typing import Any

import numpy as np
import pytest

from pipelines.comparison.differences import EvaluationSet
from pipelines.promotion.criteria import Criteria, check_criteria, described, largest_fall
from pipelines.promotion.results import Results
from stages.params.dataset import Bounds
from stages.params.gate import Gate

REQUIRED = Criteria(
    Gate(stage="production", max_regression=0.01, confidence=0.95),
    Bounds(min_accuracy=0.9, min_recall=0.8, min_recalls={"b": 0.7}, max_calibration_error=0.05),
)
FOUND = Results(
    accuracy=0.9,
    images=1000,
    calibration_error=0.05,
    recalls={"a": 0.8, "b": 0.7},
    failed_checks=(),
    errors=frozenset(range(100)),
    tested_on=EvaluationSet("i", "l", ("a", "b")),
    digests={},
)
CRITERIA = (
    "test accuracy",
    "recall of each class",
    "data checks",
    "calibration error",
    "fall below the promoted",
)


def failures(promoted: Results | None = None, **found: Any) -> dict[str, Any]:
    """What the rules that do not hold have found, by their names."""
    results = check_criteria(REQUIRED, FOUND._replace(**found), promoted)
    assert tuple(result.criterion for result in results) == CRITERIA
    return {result.criterion: result.found for result in results if not result.passed}


def test_model_exactly_at_the_limits_passes() -> None:
    assert failures() == {}
    assert failures(promoted=FOUND) == {}


@pytest.mark.parametrize(
    ("change", "criterion", "found"),
    [
        ({"accuracy": 0.8999}, "test accuracy", 0.8999),
        ({"accuracy": float("nan")}, "test accuracy", pytest.approx(float("nan"), nan_ok=True)),
        (
            {"recalls": {"a": 0.79, "b": 0.7}},
            "recall of each class",
            {"class": "a", "recall": 0.79},
        ),
        (
            {"recalls": {"a": 0.79, "b": 0.6}},
            "recall of each class",
            {"class": "b", "recall": 0.6},
        ),
        ({"recalls": {"a": 1.0}}, "recall of each class", "no test image of b"),
        ({"failed_checks": ("image-count",)}, "data checks", ["image-count"]),
        ({"calibration_error": 0.051}, "calibration error", 0.051),
    ],
)
def test_failed_criterion_reports_what_it_found(
    change: dict[str, Any], criterion: str, found: object
) -> None:
    assert failures(**change) == {criterion: found}


def test_drop_in_accuracy_is_measured_on_images_that_only_one_model_gets_wrong() -> None:
    others = frozenset(range(20, 112))
    found = failures(promoted=FOUND._replace(errors=others))
    # New are 0 to 19, fixed are 100 to 111; the limit is worked out by hand as below.
    assert found == {
        "fall below the promoted": {
            "new_errors": 20,
            "fixed_errors": 12,
            "largest_fall": pytest.approx(0.017405, abs=1e-6),
        }
    }


def test_better_model_with_new_errors_passes() -> None:
    worse = frozenset(range(50, 180))
    assert failures(promoted=FOUND._replace(errors=worse)) == {}


@pytest.mark.parametrize("other", [None, EvaluationSet("other", "l", ("a", "b"))])
def test_models_tested_on_other_images_are_not_compared(other: EvaluationSet | None) -> None:
    assert failures(promoted=FOUND, tested_on=other) == {
        "fall below the promoted": "they were tested on other images"
    }


def test_largest_fall_matches_the_formula() -> None:
    """Of 100 images 8 are new and 2 fixed: 6/102 + 1.644854 sqrt(11 - 36/102) / 102."""
    assert largest_fall(8, 2, 100, 0.95) == pytest.approx(0.111442, abs=1e-6)


def test_largest_fall_covers_the_true_drop_at_its_confidence() -> None:
    """Simulated pairs of models, of which the second gets 1 % more of the images wrong."""
    random = np.random.default_rng(1)
    draws = random.multinomial(1000, [0.02, 0.01, 0.97], 20_000)
    above = [largest_fall(new, fixed, 1000, 0.95) >= 0.01 for new, fixed, _ in draws.tolist()]
    assert np.mean(above) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (0.9947, "0.9947"),
        ([], "none"),
        (["count", "label_range"], "count, label_range"),
        ({"new_errors": 20, "largest_fall": 0.017}, "new errors 20, largest fall 0.017"),
        ("none is promoted yet", "none is promoted yet"),
    ],
)
def test_finding_is_described_as_text(found: object, words: str) -> None:
    assert described(found) == words
