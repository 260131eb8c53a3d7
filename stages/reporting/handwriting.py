"""What the network read on pictures of one's own: as a table, in figures, and to be looked at."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from stages.artifacts import Array
from stages.reporting.cards import address, png_address

MOST_SHOWN = 100
"""How many pictures the page shows; those first by name."""
_DIGITS = 6
TEXTS = ("picture", "label", "predicted", "runner_up")
"""The columns of ``answers`` that are names."""
_THUMBNAIL = 320  # pixels, the longer side


def answers(names: Sequence[str], probabilities: Array, classes: Sequence[str]) -> pd.DataFrame:
    """Tabulate the answer to each digit.

    Args:
        names: of the picture of each digit, those of a picture together, in the order of reading.
        probabilities: ``(n, classes)`` float32.
        classes: the name of each class.

    Returns:
        ``picture``; ``digit``, from 1 on each picture; ``label``, the class by the picture's name,
        or nothing; ``predicted`` and ``runner_up`` (names), and how probable they are:
        ``confidence`` and ``runner_up_confidence``.
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
    """Give the class that is the first character of a picture's name, if one is."""
    return name[0] if name[0] in classes else None


def summary(
    answers: pd.DataFrame,
    pictures: Sequence[str],
    unread: Mapping[str, str],
    classes: Sequence[str],
) -> dict[str, Any]:
    """Summarize the answers; a labelled picture is right if every digit on it is, and there is one.

    Args:
        answers: as ``answers`` gives them.
        pictures: the names of all that could be read.
        unread: why the others could not, by their names.
        classes: the name of each class.

    Returns:
        ``pictures`` and ``digits`` (how many), ``labelled`` and ``right`` (how many pictures),
        ``accuracy`` (or null), ``no_digit_found`` (names) and ``unread``.
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
    """Describe the first pictures by name, with what was seen on each.

    Args:
        folder: of the pictures.
        answers: as ``answers`` gives them.
        digits: ``(n, height, width)`` uint8, one for each answer.
        no_digit_found: names of further pictures.
        classes: the name of each class.

    Returns:
        For each its ``name``, ``address`` (of a small copy) and ``digits``: each with its
        ``address`` as the network saw it, whether it is ``right`` (None: unlabelled), and the
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
    """Make a small copy of a picture, upright and on white paper, as a JPEG file."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I"):
            # Sixteen bits would be clipped.
            upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
        colours = upright.convert("RGBA")
        paper = Image.new("RGBA", colours.size, "white")
        small = Image.alpha_composite(paper, colours).convert("RGB")
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        buffer = io.BytesIO()
        small.save(buffer, "jpeg", quality=80)
    return buffer.getvalue()
