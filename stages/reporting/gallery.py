"""Draw galleries of captioned images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stages.reporting import samples
from stages.reporting.style import DPI, GREEN, INK, POINTS, RED, SOFT, style, width, wrap
from stages.shared.artifacts import Array

# Lengths in dots, the pixels of the PNG: each pixel of a 28-pixel image becomes 4 by 4 dots.
TILE, GAP, ROW_GAP, LINE_HEIGHT = 112, 16, 24, 24
WIDEST, MOST_COLUMNS = 1440, 10

GRID_ROWS, MOST_GRID_IMAGES = 5, 100
LOOKALIKES = 10
FIRST_PREDICTIONS = 10


@style()
def data_grid(images: Array, labels: Array, classes: Sequence[str]) -> Figure:
    """Draw a column of images for each class, under its name; of many classes the first.

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype.
        labels: ``(n,)`` integers, the class of each image.
        classes: the name of each class.
    """
    shown = classes[:MOST_GRID_IMAGES]
    rows = min(GRID_ROWS, MOST_GRID_IMAGES // len(shown))
    chosen = samples.grid(labels, len(shown), rows)
    columns = min(MOST_COLUMNS, len(shown))
    cells = []
    for start in range(0, len(shown), columns):
        names = shown[start : start + columns]
        missing = [_Cell(None)] * (columns - len(names))
        for row in range(rows):
            indices = chosen[row, start : start + columns]
            heads = names if row == 0 else [""] * len(names)
            cells += [
                _Cell(images[index] if index >= 0 else None, head)
                for index, head in zip(indices, heads, strict=True)
            ] + missing
    return _gallery(cells, columns)


@style()
def lookalikes(
    images: Array, labels: Array, classes: Sequence[str], of: str, resembling: str
) -> Figure:
    """Draw images of the class ``of``: typical ones, then some that resemble another class.

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype.
        labels: ``(n,)`` integers, the class of each image.
        classes: the name of each class; includes ``of`` and ``resembling``.
        of: the class of the images.
        resembling: the class that the second half resembles.
    """
    typical, alike = samples.lookalikes(
        images, labels, classes.index(of), classes.index(resembling), LOOKALIKES
    )
    cells = [_Cell(images[index], "typical", SOFT) for index in typical]
    cells += [_Cell(images[index], f"like {resembling}", RED) for index in alike]
    return _gallery(cells) if cells else _message(f"There is no image of {of}.")


@style()
def first_predictions(images: Array, predictions: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Draw the first test images, each under its predicted class and whether that is correct.

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype, the test
            images.
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


@style()
def misclassified(images: Array, wrong: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Draw misclassified test images, each under "predicted (was actual)".

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype, the test
            images.
        wrong: ``index``, ``label`` and ``predicted`` of the wrong answers, in display order; only
            the first ``samples.MISCLASSIFIED`` are shown.
        classes: the name of each class.
    """
    answers = _answers(wrong, samples.MISCLASSIFIED)
    if not answers:
        return _message("No test image is misclassified.")
    # "8 (was 3)" is no wider than its image; longer names take one line each.
    between = " " if max(map(len, classes)) == 1 else "\n"
    cells = [
        _Cell(images[index], f"{classes[predicted]}{between}(was {classes[label]})")
        for index, label, predicted in answers
    ]
    return _gallery(cells)


@dataclass(frozen=True)
class _Cell:
    """A cell of a gallery: an image, or none, and its caption."""

    image: Array | None
    caption: str = ""
    colour: str = INK


def _gallery(cells: Sequence[_Cell], columns: int | None = None) -> Figure:
    """Arrange captioned images in rows; by default in as few rows as fit."""
    captions = [wrap(cell.caption) for cell in cells]
    # A column is as wide as its widest caption, so that no two captions touch.
    column = max(TILE, *map(width, captions)) + GAP
    if columns is None:
        rows = math.ceil(len(cells) / min(MOST_COLUMNS, WIDEST // column))
        columns = math.ceil(len(cells) / rows)
    images = [cell.image for cell in cells if cell.image is not None]
    # One scale for all images, so that equal pixels look equal; the background is the lowest value.
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
                    _drawable(cell.image, lowest, highest),
                    cmap="gray_r",
                    extent=extent,
                    aspect="auto",
                    vmin=lowest,
                    vmax=highest,
                )
        top += TILE + ROW_GAP
    across = GAP + columns * column
    top += GAP - ROW_GAP
    axes.set(xlim=(0, across), ylim=(top, 0))
    axes.set_axis_off()
    figure.set_size_inches(across / DPI, top / DPI)
    return figure


def _drawable(image: Array, lowest: float, highest: float) -> Array:
    """Return an image as matplotlib draws it, which scales only grey images itself."""
    if image.ndim == 2:  # noqa: PLR2004 - grey
        return image
    return (np.asarray(image, np.float64) - lowest) / ((highest - lowest) or 1)


def _extent(image: Array, left: int, top: int) -> tuple[float, float, float, float]:
    """Return where to draw an image so that its longer side fills the tile and it is centred."""
    size = image.shape[:2]
    down, across = (TILE * side / max(size) for side in size)
    left_edge, top_edge = left + (TILE - across) / 2, top + (TILE - down) / 2
    return left_edge, left_edge + across, top_edge + down, top_edge


def _message(text: str) -> Figure:
    figure = Figure(figsize=(6, 0.8))
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=POINTS + 2)
    return figure


def _answers(table: pd.DataFrame, count: int) -> list[list[int]]:
    answers: list[list[int]] = (
        table[["index", "label", "predicted"]].head(count).to_numpy().tolist()
    )
    return answers
