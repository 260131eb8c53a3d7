from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from stages.reporting import charts
from stages.reporting.style import png
from stages.shared.artifacts import Array
from tests.stages.reporting.plots import numbers

Pixels = Callable[[Figure], Array]

HISTORY = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.4, 0.1, 0.05], "accuracy": [0.9, 0.97, 1]})
RETRAINED = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.3, 0.1, 0.04]})


def test_the_same_numbers_give_the_same_bytes() -> None:
    counts = np.array([[95, 5], [0, 80]])

    assert png(charts.history(HISTORY, RETRAINED)) == png(charts.history(HISTORY, RETRAINED))
    assert png(charts.confusion_matrix(counts, "ab")) == png(charts.confusion_matrix(counts, "ab"))


def test_loss_stands_on_the_left_and_accuracy_on_the_right() -> None:
    left, right = charts.history(HISTORY, RETRAINED).axes

    assert left.get_ylabel() == "Training loss"
    assert right.get_ylabel() == "Validation accuracy"
    assert [numbers(line.get_ydata()) for line in left.lines] == [
        [0.4, 0.1, 0.05],
        [0.3, 0.1, 0.04],
    ]
    assert [line.get_linestyle() for line in left.lines] == ["-", "--"]
    assert [numbers(line.get_ydata()) for line in right.lines] == [[0.9, 0.97, 1]]
    assert right.get_ylim()[1] == 1


@pytest.mark.parametrize("epochs", [1, 2, 3, 30])
def test_epochs_are_whole_numbers(epochs: int, pixels: Pixels) -> None:
    numbers = np.arange(1, epochs + 1)
    figure = charts.history(
        pd.DataFrame({"epoch": numbers, "loss": 1 / numbers, "accuracy": 1 - 1 / (numbers + 1)})
    )
    low, high = figure.axes[0].get_xlim()

    ticks = [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == int(tick) and 1 <= tick <= epochs for tick in ticks)
    assert pixels(figure).shape == (576, 1200, 4)


def test_a_point_of_the_reliability_is_larger_the_more_images_it_stands_for() -> None:
    bins = pd.DataFrame(
        {"images": [1, 9, 100], "confidence": [0.4, 0.7, 0.98], "accuracy": [0, 0.8, 0.99]}
    )

    (axes,) = charts.reliability(bins, None).axes

    diagonal, curve = axes.lines
    assert numbers(diagonal.get_xdata()) == numbers(diagonal.get_ydata()) == [0, 1]
    points = np.asarray(curve.get_xydata())
    assert points.tolist() == [[0.4, 0], [0.7, 0.8], [0.98, 0.99]]
    (dots,) = axes.collections
    assert isinstance(dots, PathCollection)
    assert np.asarray(dots.get_offsets()).tolist() == points.tolist()
    small, middle, large = dots.get_sizes()
    assert small < middle < large


def test_the_reliability_before_calibration_is_a_second_curve() -> None:
    bins = pd.DataFrame({"images": [2], "confidence": [0.9], "accuracy": [0.9]})
    before = pd.DataFrame({"images": [2], "confidence": [0.6], "accuracy": [0.9]})

    (axes,) = charts.reliability(bins, before).axes

    assert np.asarray(axes.lines[1].get_xydata()).tolist() == [[0.6, 0.9]]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["before calibration", "as answered"]


def test_the_confusion_matrix_has_every_count_but_zeros_and_names_both_sides() -> None:
    figure = charts.confusion_matrix(np.array([[95, 5], [0, 80]]), ("Shirt", "Bag"))
    axes = figure.axes[0]

    assert [(text.get_text(), *text.get_position()) for text in axes.texts] == [
        ("95", 0, 0), ("5", 1, 0), ("80", 1, 1),
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Shirt", "Bag"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Shirt", "Bag"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicted class", "Actual class")


def test_many_right_answers_do_not_drown_the_wrong_ones() -> None:
    def shades(right: int) -> Array:
        counts = np.array([[right, 1, 20], [0, right, 0], [0, 0, right]])
        shown = charts.confusion_matrix(counts, "abc").axes[0].images[0].get_array()
        assert shown is not None
        return shown[..., 1]

    few, many = shades(30), shades(60_000)

    np.testing.assert_array_equal(few, many)
    nothing, one, twenty = many[1, 0], many[0, 1], many[0, 2]
    assert nothing == 1
    assert twenty < one < nothing - 0.05


@pytest.mark.parametrize("number", [2, 20])
def test_a_matrix_of_any_number_of_classes_fits_names_of_any_length(
    number: int, pixels: Pixels
) -> None:
    names = [f"a name of rather many words, {n}" for n in range(number)]

    figure = charts.confusion_matrix(np.zeros((number, number), int), names)

    # Where names leave no room for the cells, matplotlib warns, and warnings are errors here.
    height, width, _ = pixels(figure).shape
    axes = figure.axes[0].get_window_extent()
    assert height == width
    assert axes.width / number > 30
