"""The report's page: the result first, then the pictures and tables that it rests on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from stages.artifacts import Array
from stages.reporting import samples

TEMPLATE = "page.html.jinja"


def render(
    *,
    title: str,
    recipe: str,
    seed: int,
    classes: Sequence[str],
    lookalikes: tuple[str, str],
    metrics: Mapping[str, Mapping[str, float]],
    class_table: pd.DataFrame,
    confusions: Array,
    links: Mapping[str, str],
) -> str:
    """Write the report as one HTML page, beside which its pictures lie.

    Args:
        title: the data set's.
        recipe: the recipe's name.
        seed: the recipe's.
        classes: the name of each class.
        lookalikes: of which class the lookalikes are, and which they resemble.
        metrics: ``test`` and ``validation``, as ``metrics.summary`` gives them.
        class_table: ``support``, ``precision``, ``recall`` and ``f1``, a row for each class.
        confusions: ``(classes, classes)`` integers, actual by predicted.
        links: relative addresses: ``figures`` (the folder), ``checks``, ``metrics``,
            ``predictions``, ``misclassified``, ``class_table``, ``confusion_matrix``, ``history``
            and ``retrain_history``.

    Returns:
        The page; the same arguments give the same page.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = _percent
    return environment.get_template(TEMPLATE).render(
        title=title,
        recipe=recipe,
        seed=seed,
        of=lookalikes[0],
        resembling=lookalikes[1],
        test=metrics["test"],
        validation=metrics["validation"],
        shown=min(int(metrics["test"]["errors"]), samples.MISCLASSIFIED),
        rows=_rows(class_table, classes, confusions),
        confusion=_most_frequent(confusions, classes),
        links=links,
    )


def _percent(share: float) -> str:
    # The space does not break, so that a number and its unit stay on one line.
    return f"{100 * share:.2f}\N{NO-BREAK SPACE}%"


def _rows(
    class_table: pd.DataFrame, classes: Sequence[str], confusions: Array
) -> list[dict[str, Any]]:
    # Names come from the parameters: a table that was read took the name "0" for a number.
    missed = confusions.sum(axis=1) - confusions.diagonal()
    return [
        {"name": name, "missed": int(count), "measures": measures}
        for name, count, measures in zip(classes, missed, class_table.itertuples(), strict=True)
    ]


def _most_frequent(confusions: Array, classes: Sequence[str]) -> dict[str, Any] | None:
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, confusions)
    actual, predicted = divmod(int(wrong.argmax()), len(classes))
    count = int(wrong[actual, predicted])
    if not count:
        return None
    return {"actual": classes[actual], "predicted": classes[predicted], "count": count}
