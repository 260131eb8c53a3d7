"""Measure how a classifier's probabilities match its accuracy, and correct them."""

import math
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from stages.model.classifier import CALIBRATION, TEMPERATURE, Classifier
from stages.model.temperature import raised
from stages.model.variables import WeightsError
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.shared.coverage import coverage
from stages.training.batches import Examples

# Logarithms; temperatures beyond these occur only if there are next to no images.
_BOUNDS = math.log(0.1), math.log(10)
# The accuracy of answers that count as sure.
_SURE = 0.999
# Share of the images whose confidence is lower than that of anything else that counts as a digit.
_RARE = 0.001


def calibrate(classifier: Classifier, validation: Examples | None, earlier: Path | None) -> None:
    """Set the temperature of a trained classifier and what it doubts, if its recipe has these.

    Args:
        classifier: its temperature is still 1.
        validation: images that it was not fitted on; None takes the numbers of ``earlier``.
        earlier: the weights of another classifier of the recipe, which had such images; None leaves
            the temperature at 1.

    Raises:
        ArtifactError: ``earlier`` cannot be read.
        WeightsError: ``earlier`` has no calibration, or one that is no number above 0.
    """
    if classifier.temperature is None:
        return
    if validation is not None:
        answers = classifier.probabilities(validation.images, validation.chosen)
        classifier.weights |= measured(answers, validation.labels[validation.chosen])
    elif earlier is not None:
        classifier.weights |= _read(earlier)


def measured(probabilities: Array, labels: Array) -> dict[str, Array]:
    """Measure the temperature, and the confidence that answers need: ``()`` float32 each, by name.

    Args:
        probabilities: ``(n, classes)``, of at least one image, at a temperature of 1.
        labels: ``(n,)`` integers.
    """
    temperature = best_temperature(probabilities, labels)
    confidence = raised(probabilities, 1 / temperature).max(axis=1)
    _, sure_from = coverage(confidence, probabilities.argmax(axis=1) == labels, _SURE)
    numbers = temperature, sure_from, np.quantile(confidence, _RARE)
    return {
        name: np.array(number, np.float32)
        for name, number in zip(CALIBRATION, numbers, strict=True)
    }


def _read(path: Path) -> dict[str, Array]:
    weights = artifacts.read_tensors(path)
    for name in CALIBRATION:
        if name not in weights:
            raise WeightsError(
                f"expected a {name} in {path}, found none: its recipe has no calibration; train it "
                "again."
            )
    found = weights[TEMPERATURE]
    if not (np.isfinite(found) & (found > 0)).all():
        raise WeightsError(
            f"expected a temperature above 0 in {path}, found {found}; train it again."
        )
    return {name: weights[name] for name in CALIBRATION}


def best_temperature(probabilities: Array, labels: Array) -> float:
    """Return the temperature at which the mean cross-entropy with the labels is lowest.

    A label counts as only ``(n + 1) / (n + 2)`` certain, and the other classes as equally likely:
    otherwise few images that are all answered right would demand full confidence (after Platt,
    "Probabilistic Outputs for Support Vector Machines", 1999, section 2.2).

    Args:
        probabilities: ``(n, classes)``, of at least one image; each row sums to 1.
        labels: ``(n,)`` integers.

    Returns:
        From 0.1 to 10.
    """
    count, classes = probabilities.shape
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    others = 1 / (count + 2) / (classes - 1)
    of_labels = logits[np.arange(count), labels]
    expected = (1 - classes * others) * of_labels + others * logits.sum(axis=1)

    def loss(logarithm: float) -> float:
        inverse = math.exp(-logarithm)
        return float((logsumexp(inverse * logits, axis=1) - inverse * expected).mean())

    found = minimize_scalar(loss, bounds=_BOUNDS, method="bounded")
    return math.exp(found.x)
