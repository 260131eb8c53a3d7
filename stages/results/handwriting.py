"""Tabulate and summarize what the network read on the user's own pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stages.shared.artifacts import Array
from stages.shared.doubt import NOT_A_DIGIT, NOT_SURE, Doubt

_DIGITS = 6
TEXTS = ("picture", "label", "predicted", "doubt", "runner_up")
"""The columns of ``answers`` that hold names."""


def answers(
    names: Sequence[str],
    probabilities: Array,
    classes: Sequence[str],
    doubt: Doubt | None,
    changed: Array,
) -> pd.DataFrame:
    """Tabulate the answer for each digit.

    Args:
        names: the picture of each digit; digits of one picture are adjacent, in reading order.
        probabilities: ``(n, classes)`` float32.
        classes: the name of each class.
        doubt: the confidence that answers need; None doubts nothing.
        changed: ``(n,)`` bool, whether a second look changed a digit.

    Returns:
        ``picture``; ``digit``, from 1 on each picture; ``label``, the class in the picture's name,
        or None; ``predicted`` and ``runner_up`` (names), and their probabilities ``confidence`` and
        ``runner_up_confidence``; ``doubt``, as ``Doubt.of`` returns it.
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
            "doubt": doubt.of(best[:, 0], changed) if doubt else [""] * len(best),
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

    A labelled picture is correct if it has at least one digit and every digit is correct. What is
    not a digit counts neither as one nor as an error.

    Args:
        answers: as ``answers`` returns them.
        pictures: the names of all pictures that could be read.
        unread: why the other pictures could not be read, by name.
        classes: the name of each class.

    Returns:
        ``pictures``, ``digits``, ``not_sure`` (of the digits) and ``not_a_digit`` (beside the
        digits; all four are counts), ``labelled`` and ``right`` (counts of pictures), ``accuracy``
        (or None), ``no_digit_found`` (names) and ``unread``.
    """
    others = answers["doubt"] == NOT_A_DIGIT
    answers = answers[~others]
    labelled = [name for name in pictures if label(name, classes) is not None]
    wrong = set(answers.loc[answers["label"] != answers["predicted"], "picture"])
    empty = sorted(set(pictures) - set(answers["picture"]))
    right = [name for name in labelled if name not in wrong | set(empty)]
    return {
        "pictures": len(pictures),
        "digits": len(answers),
        "not_sure": int((answers["doubt"] == NOT_SURE).sum()),
        "not_a_digit": int(others.sum()),
        "labelled": len(labelled),
        "right": len(right),
        "accuracy": round(len(right) / len(labelled), _DIGITS) if labelled else None,
        "no_digit_found": empty,
        "unread": dict(sorted(unread.items())),
    }
