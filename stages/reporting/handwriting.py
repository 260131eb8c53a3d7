"""Report what the network read on the user's own pictures: tables, figures and thumbnails."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from stages.reporting.cards import address, png_address
from stages.shared.artifacts import Array

MOST_SHOWN = 100
"""Most pictures on the page; the first by name are shown."""
_DIGITS = 6
TEXTS = ("picture", "label", "predicted", "runner_up")
"""The columns of ``answers`` that hold names."""
_THUMBNAIL = 320  # pixels of the longer side


def answers(names: Sequence[str], probabilities: Array, classes: Sequence[str]) -> pd.DataFrame:
    """Tabulate the answer for each digit.

    Args:
        names: the picture of each digit; digits of one picture are adjacent, in reading order.
        probabilities: ``(n, classes)`` float32.
        classes: the name of each class.

    Returns:
        ``picture``; ``digit``, from 1 on each picture; ``label``, the class in the picture's name,
        or None; ``predicted`` and ``runner_up`` (names), and their probabilities ``confidence`` and
        ``runner_up_confidence``.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    named = np.asarray(classes, dtype=object)[order]
    best = np.take_along_axis(probabilities, order, axis=1)
    pictures = pd.Series(names, dtype=object)
    return pd.DataFrame(
        {
            "picture": pictures,
            "digit": pictures.groupby(pictures).cumcount() + 1,
            "label": [label(name, classes) for name in names],
            "predicted": named[:, 0],
            "confidence": best[:, 0],
            "runner_up": named[:, 1],
            "runner_up_confidence": best[:, 1],
        }
    )


def label(name: str, classes: Sequence[str]) -> str | None:
    """Return the first character of a picture's name if it is a class, otherwise None."""
    return name[0] if name[0] in classes else None


def summary(
    answers: pd.DataFrame,
    pictures: Sequence[str],
    unread: Mapping[str, str],
    classes: Sequence[str],
) -> dict[str, Any]:
    """Summarize the answers.

    A labelled picture is correct if it has at least one digit and every digit is correct.

    Args:
        answers: as ``answers`` returns them.
        pictures: the names of all pictures that could be read.
        unread: why the other pictures could not be read, by name.
        classes: the name of each class.

    Returns:
        ``pictures`` and ``digits`` (counts), ``labelled`` and ``right`` (counts of pictures),
        ``accuracy`` (or None), ``no_digit_found`` (names) and ``unread``.
    """
    labelled = [name for name in pictures if label(name, classes) is not None]
    wrong = set(answers.loc[answers["label"] != answers["predicted"], "picture"])
    empty = sorted(set(pictures) - set(answers["picture"]))
    right = [name for name in labelled if name not in wrong | set(empty)]
    return {
        "pictures": len(pictures),
        "digits": len(answers),
        "labelled": len(labelled),
        "right": len(right),
        "accuracy": round(len(right) / len(labelled), _DIGITS) if labelled else None,
        "no_digit_found": empty,
        "unread": dict(sorted(unread.items())),
    }


def shown(
    folder: Path,
    answers: pd.DataFrame,
    digits: Array,
    no_digit_found: Sequence[str],
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Describe the first pictures by name, with the digits found on each.

    Args:
        folder: of the pictures.
        answers: as ``answers`` returns them.
        digits: ``(n, height, width)`` uint8, one for each answer.
        no_digit_found: names of further pictures.
        classes: the name of each class.

    Returns:
        For each picture its ``name``, ``address`` (data URL of a small copy) and ``digits``. Each
        digit has its ``address`` as the network saw it, ``right`` (None if unlabelled), and the
        columns of ``answers``.
    """
    read: dict[str, list[dict[str, Any]]] = {
        name: [] for name in sorted({*answers["picture"], *no_digit_found})[:MOST_SHOWN]
    }
    records: list[dict[str, Any]] = answers.to_dict("records")  # type: ignore[assignment]
    for answer, image in zip(records, digits, strict=True):
        name = answer["picture"]
        if name in read:
            expected = label(name, classes)
            right = None if expected is None else answer["predicted"] == expected
            read[name].append({**answer, "address": png_address(image), "right": right})
    return [
        {
            "name": name,
            "address": address(_thumbnail(folder / name), "image/jpeg"),
            "digits": found,
        }
        for name, found in read.items()
    ]


def _thumbnail(path: Path) -> bytes:
    """Return a small copy of a picture, upright and on white, as a JPEG file."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I"):
            # Pillow would clip 16 bits.
            upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
        colours = upright.convert("RGBA")
        paper = Image.new("RGBA", colours.size, "white")
        small = Image.alpha_composite(paper, colours).convert("RGB")
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        buffer = io.BytesIO()
        small.save(buffer, "jpeg", quality=80)
    return buffer.getvalue()
