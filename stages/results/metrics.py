"""Measure a classifier's answers in numbers and tables."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix as count_confusions
from sklearn.metrics import log_loss, precision_recall_fscore_support

from stages.results.calibration import calibration, expected_error
from stages.shared.artifacts import Array

# Digits after the decimal point in metrics.json: finer than one image in a million.
_DIGITS = 6


def prediction_table(probabilities: Array, labels: Array) -> pd.DataFrame:
    """Tabulate the answer for each image.

    Args:
        probabilities: ``(n, classes)`` float32, each row sums to 1.
        labels: ``(n,)`` integers, the true class.

    Returns:
        ``index``, ``label``, ``predicted`` (classes as numbers), ``confidence`` (the probability of
        the predicted class), and the probability of each class as ``p0``, ``p1``, ...
    """
    predicted = probabilities.argmax(axis=1)
    table = {
        "index": np.arange(len(labels)),
        "label": labels,
        "predicted": predicted,
        "confidence": probabilities.max(axis=1),
    }
    columns = {f"p{number}": column for number, column in enumerate(probabilities.T)}
    return pd.DataFrame(table | columns)


def misclassified(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return the wrong answers, the most confident first.

    Args:
        predictions: as ``prediction_table`` returns them.
        classes: the name of each class.

    Returns:
        The wrong rows, with ``label_name`` and ``predicted_name`` after the numbers.
    """
    wrong = predictions[predictions["label"] != predictions["predicted"]]
    ranked = wrong.sort_values("confidence", ascending=False, kind="stable")
    names = np.asarray(classes)
    for place, column in ((3, "predicted"), (3, "label")):
        ranked.insert(place, f"{column}_name", names[ranked[column]])
    return ranked


def confusion_matrix(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count every pair of actual and predicted class.

    Returns:
        ``actual``, ``predicted`` (names) and ``count``, a row for each pair, in the order of
        classes.
    """
    numbers = range(len(classes))
    counts = count_confusions(predictions["label"], predictions["predicted"], labels=numbers)
    pairs = pd.MultiIndex.from_product([classes, classes], names=["actual", "predicted"])
    return pd.DataFrame({"count": counts.ravel()}, index=pairs).reset_index()


def per_class(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Measure each class separately.

    Returns:
        ``class`` (name), ``support`` (number of its images), ``precision``, ``recall`` and ``f1``;
        0 where the class was never predicted or does not occur.
    """
    precision, recall, f1, support = precision_recall_fscore_support(
        predictions["label"],
        predictions["predicted"],
        labels=range(len(classes)),
        zero_division=0,
    )
    return pd.DataFrame(
        {"class": classes, "support": support, "precision": precision, "recall": recall, "f1": f1}
    )


def summary(predictions: pd.DataFrame, history: pd.DataFrame, weights: bytes) -> dict[str, Any]:
    """Summarize the answers to the test images, with the last validation accuracy.

    Args:
        predictions: as ``prediction_table`` returns them, for the test images.
        history: of the training with validation; ``accuracy`` is on the validation set.
        weights: the content of the weights file of the network that answered.

    Returns:
        ``test``: ``accuracy`` with the ends of its 95 % Wilson interval, ``errors``, ``images``,
        ``loss`` (mean cross-entropy, in nats) and ``calibration_error`` (expected, from 0 to 1);
        ``validation``: ``accuracy`` after the last epoch; ``weights``: ``sha256``.
    """
    count = len(predictions)
    right = int((predictions["label"] == predictions["predicted"]).sum())
    interval = binomtest(right, count).proportion_ci(confidence_level=0.95, method="wilson")
    probabilities = predictions.filter(regex=r"^p\d+$").to_numpy(np.float64)
    loss = log_loss(
        predictions["label"],
        # After rounding, sums differ slightly from 1.
        probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=range(probabilities.shape[1]),
    )
    return {
        "test": {
            "accuracy": round(right / count, _DIGITS),
            "accuracy_low": round(float(interval.low), _DIGITS),
            "accuracy_high": round(float(interval.high), _DIGITS),
            "errors": count - right,
            "images": count,
            "loss": round(float(loss), _DIGITS),
            "calibration_error": round(expected_error(calibration(predictions)), _DIGITS),
        },
        "validation": {"accuracy": round(float(history["accuracy"].iloc[-1]), _DIGITS)},
        "weights": {"sha256": hashlib.sha256(weights).hexdigest()},
    }
