"""Check a model's results against the criteria for promotion, without input or output."""

import math
from statistics import NormalDist
from typing import Any, NamedTuple

from pipelines.promotion.results import Results
from stages.params.dataset import Bounds
from stages.params.gate import Gate


class Criteria(NamedTuple):
    """What a model must satisfy to be promoted."""

    gate: Gate
    bounds: Bounds
    """Those of its data set."""


class CriterionResult(NamedTuple):
    """The result of one criterion."""

    criterion: str
    passed: bool
    found: Any
    required: str
    """The requirement, as text for the user."""


def check_criteria(
    criteria: Criteria, found: Results, promoted: Results | None
) -> list[CriterionResult]:
    """Check a model against every criterion.

    Args:
        criteria: those of the data set that it was tested on.
        found: the model's results.
        promoted: the results of the version that it would replace, if there is one.
    """
    gate, bounds = criteria
    return [
        _at_least("test accuracy", found.accuracy, bounds.min_accuracy),
        _recall(bounds, found),
        CriterionResult(
            "data checks", not found.failed_checks, list(found.failed_checks), "none fails"
        ),
        CriterionResult(
            "calibration error",
            found.calibration_error <= bounds.max_calibration_error,
            found.calibration_error,
            f"at most {bounds.max_calibration_error:g}",
        ),
        _fall(gate, found, promoted),
    ]


def largest_fall(new: int, fixed: int, images: int, confidence: float) -> float:
    """Return the upper limit of the drop in accuracy from one model to another on the same images.

    The interval is that of Agresti and Min for the difference of paired proportions, "Simple
    improved confidence intervals for comparing matched proportions", Statistics in Medicine 24
    (2005), 729 to 740: Wald's interval, after adding half an observation to each cell of the table.

    Args:
        new: images that only the second model gets wrong.
        fixed: images that only the first model gets wrong.
        images: all of them.
        confidence: one-sided, from 0.5 to 1.

    Returns:
        A share of the images; negative if the second model is better at this confidence.
    """
    worse, better, count = new + 0.5, fixed + 0.5, images + 2
    fall = (worse - better) / count
    deviation = math.sqrt(worse + better - (worse - better) ** 2 / count) / count
    return fall + NormalDist().inv_cdf(confidence) * deviation


def described(found: Any) -> str:
    """Return the finding of a criterion as text for the user: "class 5, recall 0.991"."""
    match found:
        case dict():
            return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found.items())
        case list():
            return ", ".join(map(str, found)) or "none"
        case _:
            return str(found)


def _at_least(criterion: str, found: float, least: float) -> CriterionResult:
    return CriterionResult(criterion, found >= least, found, f"at least {least:g}")


def _recall(bounds: Bounds, found: Results) -> CriterionResult:
    """Check the class whose recall is lowest relative to its minimum."""
    floors = {name: bounds.min_recalls.get(name, bounds.min_recall) for name in found.recalls}
    if absent := sorted(bounds.min_recalls.keys() - floors.keys()):
        required = f"a recall of at least {bounds.min_recalls[absent[0]]:g} of class {absent[0]}"
        missing = f"no test image of {absent[0]}"
        return CriterionResult("recall of each class", False, missing, required)
    lowest = min(floors, key=lambda name: found.recalls[name] - floors[name])
    return CriterionResult(
        "recall of each class",
        found.recalls[lowest] >= floors[lowest],
        {"class": lowest, "recall": found.recalls[lowest]},
        f"at least {floors[lowest]:g}",
    )


def _fall(gate: Gate, found: Results, promoted: Results | None) -> CriterionResult:
    criterion, required = (
        "fall below the promoted",
        f"at most {gate.max_regression:g} of the images, at {100 * gate.confidence:g}% confidence",
    )
    if promoted is None:
        return CriterionResult(criterion, True, "none is promoted yet", required)
    if found.tested_on != promoted.tested_on:
        return CriterionResult(criterion, False, "they were tested on other images", required)
    new, fixed = len(found.errors - promoted.errors), len(promoted.errors - found.errors)
    limit = largest_fall(new, fixed, found.images, gate.confidence)
    figures = {"new_errors": new, "fixed_errors": fixed, "largest_fall": round(limit, 6)}
    return CriterionResult(criterion, limit <= gate.max_regression, figures, required)
