"""Measure a classifier's answers in numbers and tables."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix as count_confusions
from sklearn.metrics import precision_recall_fscore_support

from stages.results.answers import WRONG_ANSWER
from stages.results.calibration import calibration, expected_error
from stages.results.models import MOST_RANKED, SMALLEST_PROBABILITY
from stages.shared.artifacts import Array
from stages.shared.blocks import blocks

# Digits after the decimal point in metrics.json: finer than one image in a million.
_DIGITS = 6


def prediction_table(probabilities: Array, labels: Array) -> pd.DataFrame:
    """Tabulate the answer for each image.

    Args:
        probabilities: ``(n, classes)`` float32, each row sums to 1.
        labels: ``(n,)`` integers, the true class.

    Returns:
        ``index``, ``label``, ``predicted`` (classes as numbers), ``confidence`` (the probability of
        the predicted class), ``label_probability`` (of the true class), and the next most probable
        classes with their probabilities as ``class_2``, ``probability_2``, ..., at most to the
        tenth.
    """
    count = min(MOST_RANKED, probabilities.shape[1])
    ranked = np.empty((len(labels), count), int)
    for block in blocks(probabilities):
        ranked[block] = np.argsort(-probabilities[block], axis=1, kind="stable")[:, :count]
    best = np.take_along_axis(probabilities, ranked, axis=1)
    table = {
        "index": np.arange(len(labels)),
        "label": labels,
        "predicted": ranked[:, 0],
        "confidence": best[:, 0],
        "label_probability": probabilities[np.arange(len(labels)), labels],
    }
    for place in range(1, count):
        table[f"class_{place + 1}"] = ranked[:, place]
        table[f"probability_{place + 1}"] = best[:, place]
    return pd.DataFrame(table)


def misclassified(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return the wrong answers, the most confident first.

    Args:
        predictions: as ``prediction_table`` returns them.
        classes: the name of each class.

    Returns:
        ``index``, ``label``, ``predicted``, ``label_name``, ``predicted_name``, ``confidence`` and
        ``label_probability`` of the wrong answers.
    """
    wrong = predictions[predictions["label"] != predictions["predicted"]]
    ranked = wrong.sort_values("confidence", ascending=False, kind="stable")
    names = np.asarray(classes)
    for column in ("label", "predicted"):
        ranked[f"{column}_name"] = names[ranked[column]]
    return ranked[list(WRONG_ANSWER)]


def confusion_matrix(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count the pairs of actual and predicted class.

    Returns:
        ``actual``, ``predicted`` (names) and ``count``, a row for each pair that occurs, in the
        order of classes.
    """
    numbers = range(len(classes))
    counts = count_confusions(predictions["label"], predictions["predicted"], labels=numbers)
    actual, predicted = counts.nonzero()
    names = np.asarray(classes)
    return pd.DataFrame(
        {
            "actual": names[actual],
            "predicted": names[predicted],
            "count": counts[actual, predicted],
        }
    )


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
    probabilities = predictions["label_probability"].to_numpy(np.float64)
    loss = -np.log(np.maximum(probabilities, SMALLEST_PROBABILITY)).mean()
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
