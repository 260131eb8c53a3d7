"""Measure how well a classifier's confidence matches its accuracy.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (2017), section 2.
"""

import numpy as np
import pandas as pd

from stages.results.models import BINS


def calibration(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare confidence and accuracy in bins of similar confidence.

    Args:
        predictions: ``label``, ``predicted`` and ``confidence``.

    Returns:
        A row for each bin that is not empty: its bounds ``low`` (exclusive) and ``high``
        (inclusive), the number of ``images``, their mean ``confidence``, and their ``accuracy``.
    """
    edges = np.linspace(0, 1, BINS + 1)
    confidence = predictions["confidence"].clip(0, 1)
    answers = pd.DataFrame(
        {
            "bin": np.maximum(np.ceil(confidence * BINS).astype(int) - 1, 0),
            "confidence": confidence,
            "right": predictions["label"] == predictions["predicted"],
        }
    )
    bins = answers.groupby("bin").agg(
        images=("right", "size"), confidence=("confidence", "mean"), accuracy=("right", "mean")
    )
    bins.insert(0, "low", edges[bins.index])
    bins.insert(1, "high", edges[bins.index + 1])
    return bins.reset_index(drop=True)


def expected_error(bins: pd.DataFrame) -> float:
    """Compute the expected calibration error: the mean gap over all images, from 0 to 1.

    Args:
        bins: as ``calibration`` returns them.
    """
    gaps = (bins["accuracy"] - bins["confidence"]).abs()
    return float((bins["images"] * gaps).sum() / bins["images"].sum())
