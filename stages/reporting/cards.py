"""Describe test images and their answers for the page: picture, names and probabilities."""

import base64
import io
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from stages.shared.artifacts import Array

MOST_ERRORS = 1500
"""Most wrong answers on the page, so that even a bad model's page opens on a phone."""
LEAST_SURE = 20
"""Number of correct answers of each class on the page: those with the least confidence."""


def cards(answers: pd.DataFrame, images: Array) -> list[dict[str, Any]]:
    """Describe answers, in their order.

    Args:
        answers: ``index``, ``label``, ``predicted`` and the probability of each class as ``p0``,
            ``p1``, ...
        images: ``(n, height, width)`` of any real dtype; ``index`` is a position in it.

    Returns:
        For each answer: ``index``, ``label`` and ``predicted`` (numbers), ``image`` (a data URL),
        and ``probabilities`` (of each class, from 0 to 1).
    """
    probabilities = answers.filter(regex=r"^p\d+$").to_numpy(float).tolist()
    return [
        {
            "index": index,
            "label": label,
            "predicted": predicted,
            "image": png_address(images[index]),
            "probabilities": row,
        }
        for (index, label, predicted), row in zip(
            answers[["index", "label", "predicted"]].to_numpy().tolist(), probabilities, strict=True
        )
    ]


def shown_errors(wrong: pd.DataFrame) -> pd.DataFrame:
    """Choose the wrong answers for the page: all, or the same number of each confusion.

    Args:
        wrong: ``label`` and ``predicted`` of each answer, the most confident first.

    Returns:
        At most ``MOST_ERRORS`` rows, in their order. Each pair of actual and predicted class has
        its first rows, so that a frequent pair does not crowd out a rare one.
    """
    rank = wrong.groupby(["label", "predicted"]).cumcount().to_numpy()
    return wrong.iloc[np.sort(np.argsort(rank, kind="stable")[:MOST_ERRORS])]


def least_sure(predictions: pd.DataFrame) -> pd.DataFrame:
    """Choose the correct answers of each class with the least confidence."""
    right = predictions[predictions["label"] == predictions["predicted"]]
    ranked = right.sort_values("confidence", kind="stable")
    return ranked.groupby("label", sort=True).head(LEAST_SURE)


def png_address(image: Array) -> str:
    """Return an image as a data URL: dark on light, with the lowest value as white.

    Args:
        image: ``(height, width)`` of any real dtype; uint8 is scaled from 0 to 255, other types
            from their lowest to their highest value.
    """
    low, high = (0, 255) if image.dtype == np.uint8 else (image.min(), image.max())
    shade = (np.asarray(image, np.float64) - low) / ((high - low) or 1)
    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * (1 - shade)).astype(np.uint8)).save(buffer, "png", optimize=True)
    return address(buffer.getvalue(), "image/png")


def address(content: bytes, kind: str) -> str:
    """Return a file as a data URL, so that a page needs no other file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
