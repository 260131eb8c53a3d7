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


PixelRange = tuple[float, float]
"""The lowest and the highest pixel of a data set."""


def cards(answers: pd.DataFrame, images: Array, pixels: PixelRange) -> list[dict[str, Any]]:
    """Describe answers, in their order.

    Args:
        answers: ``index``, ``label``, ``predicted`` and the probability of each class as ``p0``,
            ``p1``, ...
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype; ``index`` is
            a position in it.
        pixels: the range of all images, so that equal pixels look equal.

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
            "image": png_address(images[index], pixels),
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


def png_address(image: Array, pixels: PixelRange) -> str:
    """Return an image as a data URL: grey ones dark on light, with the lowest pixel as white.

    Args:
        image: ``(height, width)`` or ``(height, width, 3)`` of any real dtype.
        pixels: the range from white to black, or of each colour.
    """
    low, high = pixels
    shade = (np.asarray(image, np.float64) - low) / ((high - low) or 1)
    if image.ndim == 2:  # noqa: PLR2004 - grey
        shade = 1 - shade
    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * shade).astype(np.uint8)).save(buffer, "png", optimize=True)
    return address(buffer.getvalue(), "image/png")


def address(content: bytes, kind: str) -> str:
    """Return a file as a data URL, so that a page needs no other file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
