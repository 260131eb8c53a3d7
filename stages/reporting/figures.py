"""The report's pictures."""

import io
import math
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator, PercentFormatter

from stages.artifacts import Array
from stages.reporting import samples

INK, SOFT, LINE, PALE = "#1d2129", "#59616f", "#d8dce3", "#e3e9f1"
BLUE, ORANGE, GREEN, RED = "#1f5fa8", "#c2570c", "#17692e", "#b3141f"

DPI = 160
POINTS, POINTS_PER_INCH = 9, 72
# Lengths in dots, the pixels of the PNG: each pixel of a 28-pixel image becomes 4 by 4 dots.
TILE, GAP, ROW_GAP, LINE_HEIGHT = 112, 16, 24, 24
WIDEST, MOST_COLUMNS = 1440, 10
LONGEST_LINE = 18  # characters
PALEST_MAXIMUM = 10  # errors of one kind, up to which the darkest colour is not used
CELL = 0.46  # inches, the side of a cell of the confusion matrix

GRID_ROWS = 5
LOOKALIKES = 10
FIRST_PREDICTIONS = 10


@contextmanager
def _style() -> Iterator[None]:
    """One look whatever the machine's own matplotlib settings; a $ in a name stays a $."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": "DejaVu Sans",  # matplotlib brings it along
                "font.size": POINTS,
                "text.color": INK,
                "text.parse_math": False,
                "axes.edgecolor": LINE,
                "axes.labelcolor": INK,
                "axes.spines.top": False,
                "xtick.color": SOFT,
                "ytick.color": SOFT,
            }
        )
        yield


@_style()
def png(figure: Figure) -> bytes:
    """Draw a figure as a PNG file; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


@_style()
def data_grid(images: Array, labels: Array, classes: Sequence[str]) -> Figure:
    """Show a column of images for each class, under its name.

    Args:
        images: ``(n, height, width)`` of any real dtype.
        labels: ``(n,)`` integers, the class of each image.
        classes: the name of each class.
    """
    chosen = samples.grid(labels, len(classes), GRID_ROWS)
    heads = [*classes, *[""] * (chosen.size - len(classes))]
    cells = [
        _Cell(images[index] if index >= 0 else None, head)
        for index, head in zip(chosen.flat, heads, strict=True)
    ]
    return _gallery(cells, len(classes))


@_style()
def lookalikes(
    images: Array, labels: Array, classes: Sequence[str], of: str, resembling: str
) -> Figure:
    """Show images of the class named ``of``: typical ones, then some that resemble another.

    Args:
        images: ``(n, height, width)`` of any real dtype.
        labels: ``(n,)`` integers, the class of each image.
        classes: the name of each class, the next two among them.
        of: the class of the images.
        resembling: the class that the second half resembles.
    """
    typical, alike = samples.lookalikes(
        images, labels, classes.index(of), classes.index(resembling), LOOKALIKES
    )
    cells = [_Cell(images[index], "typical", SOFT) for index in typical]
    cells += [_Cell(images[index], f"like {resembling}", RED) for index in alike]
    return _gallery(cells) if cells else _message(f"There is no image of {of}.")


@_style()
def first_predictions(images: Array, predictions: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Show the first test images under the predicted class, and whether it is right.

    Args:
        images: ``(n, height, width)`` of any real dtype, the test images.
        predictions: ``index``, ``label`` and ``predicted`` of each, classes as numbers.
        classes: the name of each class.
    """
    cells = []
    for index, label, predicted in _answers(predictions, FIRST_PREDICTIONS):
        right = label == predicted
        verdict = "✓ right" if right else f"✗ was {classes[label]}"
        cells.append(
            _Cell(images[index], f"{classes[predicted]}\n{verdict}", GREEN if right else RED)
        )
    return _gallery(cells)


@_style()
def misclassified(images: Array, wrong: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Show misclassified test images, each under "predicted (was actual)".

    Args:
        images: ``(n, height, width)`` of any real dtype, the test images.
        wrong: ``index``, ``label`` and ``predicted`` of the wrong answers, in the order to show;
            of more than ``samples.MISCLASSIFIED`` those first are shown.
        classes: the name of each class.
    """
    answers = _answers(wrong, samples.MISCLASSIFIED)
    if not answers:
        return _message("No test image is misclassified.")
    # "8 (was 3)" is no wider than its image; longer names take a line each.
    between = " " if max(map(len, classes)) == 1 else "\n"
    cells = [
        _Cell(images[index], f"{classes[predicted]}{between}(was {classes[label]})")
        for index, label, predicted in answers
    ]
    return _gallery(cells)


@_style()
def history(trained: pd.DataFrame, retrained: pd.DataFrame | None = None) -> Figure:
    """Plot loss, on the left axis, and validation accuracy, on the right axis, by epoch.

    Args:
        trained: ``epoch``, ``loss`` (mean of the epoch's training) and ``accuracy`` (validation).
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
    left.set_ylabel("Loss (mean cross-entropy)", color=BLUE)
    right.set_ylabel("Validation accuracy", color=ORANGE)
    left.grid(axis="y", color=LINE, linewidth=0.6)
    left.spines["right"].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


@_style()
def confusion_matrix(counts: Array, classes: Sequence[str]) -> Figure:
    """Draw how often each class (rows) was taken for each (columns).

    The colours measure the wrong answers alone, which would drown beside the right ones.

    Args:
        counts: ``(classes, classes)`` integers, actual by predicted.
        classes: the name of each class.
    """
    number = len(classes)
    wrong = np.where(np.eye(number, dtype=bool), 0, counts)
    names = [_wrap(name) for name in classes]
    longest = max(map(_width, names)) / DPI
    side = CELL * number + longest + 0.8
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    colours = LinearSegmentedColormap.from_list(
        "errors", ["#ffffff", "#fbd9c9", "#e2714f", RED, "#5e0710"]
    )
    # The square root keeps single errors visible beside a hundred; few errors stay pale.
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


@dataclass(frozen=True)
class _Cell:
    """A place in a gallery: an image, or none, and what stands above it."""

    image: Array | None
    caption: str = ""
    colour: str = INK


def _gallery(cells: Sequence[_Cell], columns: int | None = None) -> Figure:
    """Set images in rows, each under its caption; if not said, in as few rows as fit."""
    captions = [_wrap(cell.caption) for cell in cells]
    # A column is as wide as its widest caption, so that no two captions touch.
    column = max(TILE, *map(_width, captions)) + GAP
    if columns is None:
        rows = math.ceil(len(cells) / min(MOST_COLUMNS, WIDEST // column))
        columns = math.ceil(len(cells) / rows)
    images = [cell.image for cell in cells if cell.image is not None]
    # One scale for all, so that equal pixels look equal; the background is the lowest value.
    lowest = float(min(image.min() for image in images))
    highest = float(max(image.max() for image in images))
    figure = Figure()
    # One pair of axes, in dots from the top left, is many times faster than one for each image.
    axes = figure.add_axes((0, 0, 1, 1))
    top = GAP
    for start in range(0, len(cells), columns):
        row = slice(start, start + columns)
        top += LINE_HEIGHT * max(len(caption.splitlines()) for caption in captions[row])
        for place, (cell, caption) in enumerate(zip(cells[row], captions[row], strict=True)):
            left = GAP + place * column + (column - GAP - TILE) // 2
            axes.text(
                left + TILE / 2, top - 5, caption, color=cell.colour, ha="center", va="bottom"
            )
            if cell.image is not None:
                extent = _extent(cell.image, left, top)
                axes.imshow(
                    cell.image,
                    cmap="gray_r",
                    extent=extent,
                    aspect="auto",
                    vmin=lowest,
                    vmax=highest,
                )
        top += TILE + ROW_GAP
    width = GAP + columns * column
    top += GAP - ROW_GAP
    axes.set(xlim=(0, width), ylim=(top, 0))
    axes.set_axis_off()
    figure.set_size_inches(width / DPI, top / DPI)
    return figure


def _extent(image: Array, left: int, top: int) -> tuple[float, float, float, float]:
    """Where an image lies that fills its tile the longer way, and the middle of it the other."""
    height, width = (TILE * side / max(image.shape) for side in image.shape)
    left_edge, top_edge = left + (TILE - width) / 2, top + (TILE - height) / 2
    return left_edge, left_edge + width, top_edge + height, top_edge


def _message(text: str) -> Figure:
    figure = Figure(figsize=(6, 0.8))
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=POINTS + 2)
    return figure


def _answers(table: pd.DataFrame, count: int) -> list[list[int]]:
    answers: list[list[int]] = (
        table[["index", "label", "predicted"]].head(count).to_numpy().tolist()
    )
    return answers


def _wrap(text: str) -> str:
    return "\n".join(textwrap.fill(line, LONGEST_LINE) for line in text.splitlines())


def _width(text: str) -> int:
    """Dots that the widest line takes."""
    font = FontProperties()
    points = [
        text_to_path.get_text_width_height_descent(line, font, ismath=False)[0]
        for line in text.splitlines()
    ]
    return math.ceil(max(points, default=0) * DPI / POINTS_PER_INCH)
