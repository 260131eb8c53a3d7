"""Test images with their answers, as the page shows them: picture, names and probabilities."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from stages.artifacts import Array

LEAST_SURE = 20
"""How many right answers of each class the page shows, those of the least confidence."""
# Of the classes, how many have a bar: the most probable.
_BARS = 3


def cards(answers: pd.DataFrame, images: Array, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Describe answers, in their order.

    Args:
        answers: ``index``, ``label``, ``predicted`` and the probability of each class as ``p0``,
            ``p1``, ...
        images: ``(n, height, width)`` of any real dtype, which ``index`` counts.
        classes: the name of each class.

    Returns:
        For each ``index``, ``label`` and ``predicted`` (numbers), ``image`` (a data address), and
        ``bars``: name and probability of the most probable classes, the actual one among them.
    """
    probabilities = answers.filter(regex=r"^p\d+$").to_numpy()
    return [
        {
            "index": index,
            "label": label,
            "predicted": predicted,
            "image": png_address(images[index]),
            "bars": _bars(row, label, classes),
        }
        for (index, label, predicted), row in zip(
            answers[["index", "label", "predicted"]].to_numpy().tolist(), probabilities, strict=True
        )
    ]


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


def _bars(probabilities: Array, label: int, classes: Sequence[str]) -> list[tuple[str, float]]:
    order = np.argsort(-probabilities, kind="stable")
    shown = order[:_BARS].tolist()
    if label not in shown:
        shown[-1] = label
    return [(classes[number], float(probabilities[number])) for number in shown]
