"""Describe test images and their answers for the page: picture, names and probabilities."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from stages.results.models import MOST_RANKED
from stages.shared.artifacts import Array

MOST_ERRORS = 300
"""Most wrong answers on the page, so that even a bad model's page opens on a phone."""
MOST_RIGHT = 100
"""Most correct answers on the page: of each class those with the least confidence."""
_FEWER_BARS = 5
"""Probabilities on a card, if there are too many classes for all."""
_LONGEST_SIDE = 84
"""Pixels of a picture on the page."""
_LONGEST_EXACT_SIDE = 32
"""Pixels up to which colours are stored without loss."""


PixelRange = tuple[float, float]
"""The lowest and the highest pixel of a data set."""


def cards(
    answers: pd.DataFrame, images: Array, pixels: PixelRange, classes: int
) -> list[dict[str, Any]]:
    """Describe answers, in their order.

    Args:
        answers: as ``metrics.prediction_table`` returns them.
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype; ``index`` is
            a position in it.
        pixels: the range of all images, so that equal pixels look equal.
        classes: the number of classes.

    Returns:
        For each answer: ``index``, ``label`` and ``predicted`` (numbers), ``image`` (a data URL),
        and ``probabilities``: class numbers with their probabilities, from 0 to 1. Of more than 10
        classes, these are the most probable ones and the actual one.
    """
    return [
        {
            "index": answer["index"],
            "label": answer["label"],
            "predicted": answer["predicted"],
            "image": image_address(images[answer["index"]], pixels),
            "probabilities": _bars(answer, classes),
        }
        for answer in answers.to_dict("records")
    ]


def _bars(answer: Mapping[Any, Any], classes: int) -> list[tuple[int, float]]:
    ranked = [(answer["predicted"], answer["confidence"])]
    ranked += [
        (answer[f"class_{place}"], answer[f"probability_{place}"])
        for place in range(2, 1 + min(classes, MOST_RANKED))
    ]
    if classes == len(ranked):
        return sorted(ranked)
    shown = ranked[:_FEWER_BARS]
    actual = answer["label"], answer["label_probability"]
    return shown if actual in shown else [*shown, actual]


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
    """Choose correct answers with little confidence, about as many of each class."""
    right = predictions[predictions["label"] == predictions["predicted"]]
    ranked = right.sort_values("confidence", kind="stable")
    rank = ranked.groupby("label").cumcount()
    share = max(1, MOST_RIGHT // max(1, ranked["label"].nunique()))
    return ranked[(rank < share).to_numpy()].head(MOST_RIGHT)


def image_address(image: Array, pixels: PixelRange) -> str:
    """Return an image as a data URL: grey ones dark on light, with the lowest pixel as white.

    Large images are reduced.

    Args:
        image: ``(height, width)`` or ``(height, width, 3)`` of any real dtype.
        pixels: the range from white to black, or of each colour.
    """
    low, high = pixels
    shade = np.clip((np.asarray(image, np.float64) - low) / ((high - low) or 1), 0, 1)
    if image.ndim == 2:  # noqa: PLR2004 - grey
        shade = 1 - shade
    picture = Image.fromarray(np.rint(255 * shade).astype(np.uint8))
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    exact = picture.mode == "L" or max(picture.size) <= _LONGEST_EXACT_SIDE
    kind, options = ("png", {"optimize": True}) if exact else ("jpeg", {"quality": 80})
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return address(buffer.getvalue(), f"image/{kind}")


def address(content: bytes, kind: str) -> str:
    """Return a file as a data URL, so that a page needs no other file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
