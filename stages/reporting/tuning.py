"""Report a search over recipes and a learning curve: tables, pictures and YAML."""

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from ruamel.yaml import YAML

from stages.params.recipe import Recipe
from stages.reporting.style import BLUE, LINE, ORANGE, SOFT, style, wrap

DEVICES = "devices"
"""The column with the classes of the devices that trained, if there are several."""
# A numeric parameter with more values gets a continuous axis.
_MOST_TICKS = 8


def summary(rows: Sequence[dict[str, Any]], by: str) -> pd.DataFrame:
    """Aggregate the scores of all folds.

    Args:
        rows: each with ``by``, ``accuracy``, ``loss`` and ``device``.
        by: the name of the column to group by.

    Returns:
        ``by``, ``accuracy_mean``, ``accuracy_min``, ``accuracy_max``, ``loss_mean``, the means not
        a number if one of the folds has none; and, if not all rows are of one class of device,
        ``devices``, those of the group.
    """
    scores = pd.DataFrame(rows).groupby(by)
    table = scores.agg(
        accuracy_mean=("accuracy", _mean),
        accuracy_min=("accuracy", "min"),
        accuracy_max=("accuracy", "max"),
        loss_mean=("loss", _mean),
    ).reset_index()
    if len({row["device"] for row in rows}) > 1:
        devices = scores["device"].agg(lambda group: "; ".join(sorted(set(group))))
        table[DEVICES] = devices.to_numpy()
    return table


def ranked(rows: Sequence[dict[str, Any]], cells: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Tabulate the cells scored so far, by falling accuracy, then by rising loss.

    Args:
        rows: each with ``cell`` (from 0), ``accuracy``, ``loss`` and ``device``.
        cells: the values of every cell by name.

    Returns:
        ``cell``, a column for each name, and the columns of ``summary``; lists and mappings as
        JSON.
    """
    scores = summary(rows, by="cell")
    tried = pd.DataFrame(
        [{name: _plain(value) for name, value in cells[cell].items()} for cell in scores["cell"]],
        dtype=object,
    )
    table = pd.concat([scores["cell"], tried, scores.drop(columns="cell")], axis="columns")
    return table.sort_values(
        ["accuracy_mean", "loss_mean"], ascending=[False, True], kind="stable", ignore_index=True
    )


def as_yaml(recipe: Recipe) -> str:
    """Return the recipe, named ``tuned``, as a part of ``params.yaml``."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width = None, 100
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    buffer = io.BytesIO()
    yaml.dump({"recipes": {"tuned": recipe.model_dump(mode="json")}}, buffer)
    return buffer.getvalue().decode()


@style()
def search(results: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Plot the accuracy of every cell by each varied value, with the best cell in orange.

    Args:
        results: as ``ranked`` returns them.
        names: of the varied values.
    """
    figure = Figure(figsize=(1.2 + 2.6 * len(names), 3.4), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        values = results[name]
        numbers = all(isinstance(value, int | float) for value in values)
        if numbers and values.nunique() > _MOST_TICKS:
            positions = values.astype(float)
            if positions.min() > 0 and positions.max() / positions.min() > 10:  # noqa: PLR2004 - a decade
                axes.set_xscale("log")
        else:
            ticks = sorted(values.unique(), key=lambda value: (isinstance(value, str), value))
            # Side by side, so that equal accuracies do not hide each other.
            positions = values.map(ticks.index) + np.linspace(-0.2, 0.2, len(values))
            axes.set_xticks(range(len(ticks)), [wrap(str(tick)) for tick in ticks])
            axes.set_xlim(-0.5, len(ticks) - 0.5)
        for colour, chosen in ((BLUE, slice(1, None)), (ORANGE, slice(0, 1))):
            _plot(axes, positions[chosen], results[chosen], colour, fmt="o")
        axes.set_xlabel(wrap(name.replace(".", "\n")))
    panels[0].set_ylabel("Validation accuracy")
    return figure


@style()
def learning_curve(results: pd.DataFrame) -> Figure:
    """Plot accuracy by the number of images that were fitted.

    Args:
        results: as ``summary`` returns them, by ``images``.
    """
    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    _plot(axes, results["images"], results, BLUE, fmt="-o")
    axes.minorticks_off()
    axes.set_xticks(results["images"], [f"{count:,}" for count in results["images"]])
    axes.set_xlabel("Images fitted")
    axes.set_ylabel("Validation accuracy")
    return figure


def _plot(axes: Any, positions: pd.Series, results: pd.DataFrame, colour: str, fmt: str) -> None:
    """Draw the mean of the folds as a point and their range as a bar."""
    mean = results["accuracy_mean"]
    # The mean of equal numbers may differ from them by a rounding error.
    reach = [
        (mean - results["accuracy_min"]).clip(lower=0),
        (results["accuracy_max"] - mean).clip(lower=0),
    ]
    axes.errorbar(positions, mean, reach, fmt=fmt, color=colour, ecolor=SOFT, elinewidth=0.8)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="y", color=LINE, linewidth=0.6)


def _mean(values: pd.Series) -> float:
    return float(values.mean(skipna=False))


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value
