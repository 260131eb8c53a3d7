"""Render the report's page: the result first, then the pictures and tables behind it.

The page is one file without dependencies. It computes nothing: every number comes from an artifact.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.shared.artifacts import Array
from stages.shared.templates import environment

# Includes the templates of the style and the scripts.
TEMPLATE = "page.html.jinja"

MOST_CLASSES = 64
"""Most classes in the confusion matrix and in the table of classes."""


def render(
    *,
    title: str,
    recipe: str,
    seed: int,
    classes: Sequence[str],
    lookalikes: tuple[str, str],
    metrics: Mapping[str, Any],
    calibration: Mapping[str, Any],
    class_table: pd.DataFrame,
    confusions: Array,
    checks: Mapping[str, Any],
    wrong: Sequence[Mapping[str, Any]],
    least_sure: Sequence[Mapping[str, Any]],
    charts: Mapping[str, str],
    pictures: Mapping[str, str],
    handwriting: Mapping[str, Any],
    links: Mapping[str, str],
) -> str:
    """Render the report as one HTML page.

    Args:
        title: of the data set.
        recipe: the recipe's name.
        seed: of the recipe.
        classes: the name of each class.
        lookalikes: the class of the lookalikes, and the class that they resemble.
        metrics: as ``metrics.summary`` returns them.
        calibration: ``error_before``, the calibration error without the temperature, or None if the
            recipe has none; ``accuracy``, and ``coverage``, as ``stages.shared.coverage`` has it.
        class_table: ``support``, ``precision``, ``recall`` and ``f1``, a row for each class.
        confusions: ``(classes, classes)`` integers, actual by predicted.
        checks: the results of the data checks, as ``expectations.check_all`` returns them.
        wrong: the wrong answers to show, as ``cards.cards`` returns them, the most confident first.
        least_sure: correct answers, in the same form.
        charts: ``history`` and ``reliability``, as SVG.
        pictures: ``data_grid``, ``lookalikes`` and ``first_predictions``, as data URLs.
        handwriting: ``summary``, as ``handwriting.summary`` returns it, and ``pictures``, each with
            ``name``, ``address``, and ``digits``: ``address``, ``predicted``, ``confidence``,
            ``doubt``, ``runner_up``, ``runner_up_confidence`` and ``right`` (or None).
        links: the relative URLs of the tables beside the page, by name.

    Returns:
        The page; the same arguments give the same page.
    """
    shown = most_confused(confusions, MOST_CLASSES)
    return (
        environment(Path(__file__).parent)
        .get_template(TEMPLATE)
        .render(
            title=title,
            recipe=recipe,
            seed=seed,
            classes=classes,
            of=lookalikes[0],
            resembling=lookalikes[1],
            test=metrics["test"],
            calibration=calibration,
            validation=metrics["validation"],
            weights=metrics["weights"],
            rows=_rows(class_table, classes, confusions, shown),
            matrix=_matrix(confusions, shown),
            shown=shown,
            checks=checks,
            wrong=wrong,
            least_sure=least_sure,
            charts=charts,
            pictures=pictures,
            handwriting=handwriting,
            links=links,
        )
    )


def most_confused(confusions: Array, count: int) -> list[int]:
    """Choose the classes to show, in their order: all, or those with the most errors.

    Args:
        confusions: ``(classes, classes)`` integers, actual by predicted.
        count: the most classes to choose.
    """
    wrong = confusions.sum(axis=0) + confusions.sum(axis=1) - 2 * confusions.diagonal()
    chosen: list[int] = sorted(np.argsort(-wrong, kind="stable")[:count].tolist())
    return chosen


def _rows(
    class_table: pd.DataFrame, classes: Sequence[str], confusions: Array, shown: Sequence[int]
) -> list[dict[str, Any]]:
    # Take names from the parameters: when the table was read, the name "0" became a number.
    missed = confusions.sum(axis=1) - confusions.diagonal()
    measures = list(class_table.itertuples())
    return [
        {"name": classes[number], "missed": int(missed[number]), "measures": measures[number]}
        for number in shown
    ]


def _matrix(confusions: Array, shown: Sequence[int]) -> list[list[dict[str, Any]]]:
    """Return the count of each cell and, off the diagonal, its shade from 0 to 1."""
    wrong = confusions.copy()
    np.fill_diagonal(wrong, 0)
    most = max(int(wrong.max()), 1)
    return [
        [
            {
                "actual": actual,
                "predicted": predicted,
                "count": int(confusions[actual, predicted]),
                # The square root keeps single errors visible beside a hundred.
                "shade": f"{(wrong[actual, predicted] / most) ** 0.5:.2f}",
            }
            for predicted in shown
        ]
        for actual in shown
    ]
