"""Test images with their answers, as the page shows them: picture, names and probabilities."""

import base64
import io
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from stages.artifacts import Array

MOST_ERRORS = 1500
"""How many wrong answers the page shows at most, so that even a bad model's opens on a phone."""
LEAST_SURE = 20
"""How many right answers of each class the page shows, those of the least confidence."""


def cards(answers: pd.DataFrame, images: Array) -> list[dict[str, Any]]:
    """Describe answers, in their order.

    Args:
        answers: ``index``, ``label``, ``predicted`` and the probability of each class as ``p0``,
            ``p1``, ...
        images: ``(n, height, width)`` of any real dtype, which ``index`` counts.

    Returns:
        For each ``index``, ``label`` and ``predicted`` (numbers), ``image`` (a data address), and
        ``probabilities``: of each class, from 0 to 1.
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
    """Choose the wrong answers that the page shows: all, or of each confusion the same number.

    Args:
        wrong: ``label`` and ``predicted`` of each, the most confident first.

    Returns:
        ``MOST_ERRORS`` rows at most, in their order; of each pair of actual and predicted class
        those first, so that no pair lacks its images because another has many.
    """
    rank = wrong.groupby(["label", "predicted"]).cumcount().to_numpy()
    return wrong.iloc[np.sort(np.argsort(rank, kind="stable")[:MOST_ERRORS])]


def least_sure(predictions: pd.DataFrame) -> pd.DataFrame:
    """Choose the right answers of each class that the network was least sure of."""
    right = predictions[predictions["label"] == predictions["predicted"]]
    ranked = right.sort_values("confidence", kind="stable")
    return ranked.groupby("label", sort=True).head(LEAST_SURE)


def png_address(image: Array) -> str:
    """Give an image as an address that holds it: dark on light, its lowest value the paper.

    Args:
        image: ``(height, width)`` of any real dtype; uint8 is taken from 0 to 255, others from
            their lowest to their highest value.
    """
    low, high = (0, 255) if image.dtype == np.uint8 else (image.min(), image.max())
    shade = (np.asarray(image, np.float64) - low) / ((high - low) or 1)
    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * (1 - shade)).astype(np.uint8)).save(buffer, "png", optimize=True)
    return address(buffer.getvalue(), "image/png")


def address(content: bytes, kind: str) -> str:
    """Give a file as an address that holds it, so that a page needs no other file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
