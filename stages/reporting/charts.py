"""Draw charts of numbers: training history, reliability and confusion matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from stages.reporting.style import (
    BLUE,
    DPI,
    INK,
    LINE,
    ORANGE,
    PALE,
    POINTS,
    RED,
    SOFT,
    style,
    width,
    wrap,
)
from stages.shared.artifacts import Array

PALEST_MAXIMUM = 10  # errors of one kind; below this maximum, the darkest colour is not used
CELL = 0.46  # inches: the side of a cell of the confusion matrix


@style()
def history(trained: pd.DataFrame, retrained: pd.DataFrame | None = None) -> Figure:
    """Plot loss (left axis) and validation accuracy (right axis) by epoch.

    Args:
        trained: ``epoch``, ``loss`` (mean over the epoch) and ``accuracy`` (on the validation set).
        retrained: ``epoch`` and ``loss`` of a second training, without validation.
    """
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    point: dict[str, Any] = {"marker": "o", "markersize": 3.5, "clip_on": False}
    left.plot(trained["epoch"], trained["loss"], color=BLUE, label="Loss", **point)
    if retrained is not None:
        left.plot(
            retrained["epoch"],
            retrained["loss"],
            color=BLUE,
            linestyle="--",
            label="Loss, retrained on all training images",
            **point,
        )
    right.plot(
        trained["epoch"],
        trained["accuracy"],
        color=ORANGE,
        label="Validation accuracy",
        **point,
    )
    tables = [trained] if retrained is None else [trained, retrained]
    left.set_xlim(0.5, max(table["epoch"].max() for table in tables) + 0.5)
    left.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    left.set_ylim(bottom=0)
    right.set_ylim(top=min(1, right.get_ylim()[1]))
    right.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    left.set_xlabel("Epoch")
    left.set_ylabel("Training loss", color=BLUE)
    right.set_ylabel("Validation accuracy", color=ORANGE)
    left.grid(axis="y", color=LINE, linewidth=0.6)
    left.spines["right"].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


@style()
def reliability(bins: pd.DataFrame, before: pd.DataFrame | None) -> Figure:
    """Plot accuracy by confidence, with the line where both are equal.

    Args:
        bins: ``images``, ``confidence`` and ``accuracy`` of bins of similar confidence.
        before: the same without the temperature; None if there is none.
    """
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--")
    if before is not None:
        axes.plot(
            before["confidence"],
            before["accuracy"],
            color=SOFT,
            linewidth=1,
            marker="o",
            markersize=4,
            markerfacecolor="none",
            label="before calibration",
        )
    # The area of a point grows with the square root of its images, so that small bins stay visible.
    share = np.sqrt(bins["images"] / bins["images"].max())
    axes.plot(bins["confidence"], bins["accuracy"], color=BLUE, linewidth=1)
    axes.scatter(
        bins["confidence"],
        bins["accuracy"],
        s=12 + 100 * share,
        color=BLUE,
        clip_on=False,
        zorder=3,
        label="as answered",
    )
    if before is not None:
        axes.legend(loc="upper left", frameon=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("Confidence")
    axes.set_ylabel("Accuracy")
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure


@style()
def confusion_matrix(counts: Array, classes: Sequence[str]) -> Figure:
    """Draw how often each class (rows) was classified as each class (columns).

    The colours show only the wrong answers, which would be invisible beside the correct ones.

    Args:
        counts: ``(classes, classes)`` integers, actual by predicted.
        classes: the name of each class.
    """
    number = len(classes)
    wrong = np.where(np.eye(number, dtype=bool), 0, counts)
    names = [wrap(name) for name in classes]
    longest = max(map(width, names)) / DPI
    side = CELL * number + longest + 0.8
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    colours = LinearSegmentedColormap.from_list(
        "errors", ["#ffffff", "#fbd9c9", "#e2714f", RED, "#5e0710"]
    )
    # The square root keeps single errors visible beside a hundred; small counts stay pale.
    norm = PowerNorm(0.5, vmin=0, vmax=max(wrong.max(), PALEST_MAXIMUM))
    shades = colours(norm(wrong))
    shades[np.diag_indices(number)] = to_rgba(PALE)
    axes.imshow(shades)
    for actual, predicted in np.argwhere(counts):
        right = actual == predicted
        dark = not right and norm(wrong[actual, predicted]) > 0.55  # noqa: PLR2004 - legibility
        axes.text(
            predicted,
            actual,
            str(counts[actual, predicted]),
            color="white" if dark else SOFT if right else INK,
            fontsize=POINTS - 1,
            ha="center",
            va="center",
        )
    axes.set_xticks(range(number), names, rotation=90 if longest > CELL else 0, color=INK)
    axes.set_yticks(range(number), names, color=INK)
    axes.set_xticks(np.arange(number + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(number + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=LINE, linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("Predicted class")
    axes.set_ylabel("Actual class")
    return figure
