"""Fit the temperature that makes a classifier's probabilities match its accuracy."""

import math
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from stages.model.classifier import TEMPERATURE, Classifier
from stages.model.variables import WeightsError
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples

# Logarithms; temperatures beyond these occur only if there are next to no images.
_BOUNDS = math.log(0.1), math.log(10)


def calibrate(classifier: Classifier, validation: Examples | None, earlier: Path | None) -> None:
    """Set the temperature of a trained classifier, if its recipe has one.

    Args:
        classifier: its temperature is still 1.
        validation: images that it was not fitted on; None takes the temperature of ``earlier``.
        earlier: the weights of another classifier of the recipe, which had such images; None leaves
            the temperature at 1.

    Raises:
        ArtifactError: ``earlier`` cannot be read.
        WeightsError: ``earlier`` has no temperature.
    """
    if classifier.temperature is None:
        return
    if validation is not None:
        answers = classifier.probabilities(validation.images, validation.chosen)
        found = best_temperature(answers, validation.labels[validation.chosen])
        classifier.temperature.assign(found)
    elif earlier is not None:
        weights = artifacts.read_tensors(earlier)
        if TEMPERATURE not in weights:
            raise WeightsError(
                f"expected a temperature in {earlier}, found none: its recipe has no calibration; "
                "train it again."
            )
        classifier.temperature.assign(weights[TEMPERATURE])


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
