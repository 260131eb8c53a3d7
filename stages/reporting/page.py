"""The report's page: the result first, then the pictures and tables that it rests on.

One file that holds all it shows. It computes nothing: every number is an artifact's.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stages.artifacts import Array
from stages.templates import environment

# The page's parts: its text, its look and what moves; the first includes the others.
TEMPLATE = "page.html.jinja"


def render(
    *,
    title: str,
    recipe: str,
    seed: int,
    classes: Sequence[str],
    lookalikes: tuple[str, str],
    metrics: Mapping[str, Any],
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
    """Write the report as one HTML page.

    Args:
        title: the data set's.
        recipe: the recipe's name.
        seed: the recipe's.
        classes: the name of each class.
        lookalikes: of which class the lookalikes are, and which they resemble.
        metrics: as ``metrics.summary`` gives them.
        class_table: ``support``, ``precision``, ``recall`` and ``f1``, a row for each class.
        confusions: ``(classes, classes)`` integers, actual by predicted.
        checks: what the checks of the data found, as ``expectations.report`` gives it.
        wrong: the wrong answers to show, as ``cards.cards`` gives them, the most confident first.
        least_sure: right answers, likewise.
        charts: ``history`` and ``reliability``, as SVG.
        pictures: ``data_grid``, ``lookalikes`` and ``first_predictions``, as data addresses.
        handwriting: ``summary``, as ``handwriting.summary`` gives it, and ``pictures``, each with
            ``name``, ``address``, and ``digits``: ``address``, ``predicted``, ``confidence``,
            ``runner_up``, ``runner_up_confidence`` and whether it is ``right`` (or None).
        links: the addresses of the tables beside the page, by their names.

    Returns:
        The page; the same arguments give the same page.
    """
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
            validation=metrics["validation"],
            weights=metrics["weights"],
            rows=_rows(class_table, classes, confusions),
            matrix=_matrix(confusions, classes),
            checks=checks,
            wrong=wrong,
            least_sure=least_sure,
            charts=charts,
            pictures=pictures,
            handwriting=handwriting,
            links=links,
        )
    )


def _rows(
    class_table: pd.DataFrame, classes: Sequence[str], confusions: Array
) -> list[dict[str, Any]]:
    # Names come from the parameters: a table that was read took the name "0" for a number.
    missed = confusions.sum(axis=1) - confusions.diagonal()
    return [
        {"name": name, "missed": int(count), "measures": measures}
        for name, count, measures in zip(classes, missed, class_table.itertuples(), strict=True)
    ]


def _matrix(confusions: Array, classes: Sequence[str]) -> list[list[dict[str, Any]]]:
    """Give each cell its count and, beside the diagonal, its shade from 0 to 1."""
    wrong = confusions.copy()
    wrong[range(len(classes)), range(len(classes))] = 0
    most = max(int(wrong.max()), 1)
    return [
        [
            {
                "count": int(confusions[actual, predicted]),
                # The square root keeps single errors visible beside a hundred.
                "shade": f"{(wrong[actual, predicted] / most) ** 0.5:.2f}",
            }
            for predicted in range(len(classes))
        ]
        for actual in range(len(classes))
    ]
