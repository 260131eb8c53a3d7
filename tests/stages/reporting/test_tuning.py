import math
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages.params.file import read_params
from stages.reporting import tuning
from stages.reporting.style import png
from tests.stages.reporting.plots import numbers

ROWS: list[dict[str, Any]] = [
    {"cell": 0, "accuracy": 0.90, "loss": 0.4, "device": "CPU"},
    {"cell": 0, "accuracy": 0.92, "loss": 0.2, "device": "CPU"},
    {"cell": 1, "accuracy": 0.95, "loss": 0.1, "device": "CPU"},
    {"cell": 1, "accuracy": 0.97, "loss": 0.3, "device": "CPU"},
]
CELLS: list[dict[str, Any]] = [{"rate": 0.1, "pool": [2, 2]}, {"rate": 0.2, "pool": [3, 3]}]


def test_the_folds_of_a_cell_are_one_row() -> None:
    table = tuning.summary(ROWS, by="cell")

    assert table.columns.tolist() == [
        "cell", "accuracy_mean", "accuracy_min", "accuracy_max", "loss_mean",
    ]  # fmt: skip
    assert table.iloc[0].tolist() == pytest.approx([0, 0.91, 0.90, 0.92, 0.3])
    assert table.iloc[1].tolist() == pytest.approx([1, 0.96, 0.95, 0.97, 0.2])


def test_the_most_accurate_comes_first_with_its_values() -> None:
    table = tuning.ranked(ROWS, CELLS)

    assert table["cell"].tolist() == [1, 0]
    assert table["rate"].tolist() == [0.2, 0.1]
    assert table["pool"].tolist() == ["[3, 3]", "[2, 2]"]


def test_of_equals_the_smaller_loss_comes_first() -> None:
    rows = [
        {"cell": cell, "accuracy": 0.9, "loss": loss, "device": "CPU"}
        for cell, loss in enumerate([0.3, 0.1])
    ]

    assert tuning.ranked(rows, CELLS)["cell"].tolist() == [1, 0]


def test_a_cell_without_a_score_comes_last_and_one_not_yet_tried_not_at_all() -> None:
    rows = [{"cell": 0, "accuracy": math.nan, "loss": math.nan, "device": "CPU"}, *ROWS[2:]]

    assert tuning.ranked(rows, CELLS)["cell"].tolist() == [1, 0]
    assert tuning.ranked(ROWS[:2], CELLS)["cell"].tolist() == [0]


def test_the_mean_of_a_cell_of_which_a_fold_has_no_score_does_not_exist() -> None:
    rows = [{**ROWS[0], "accuracy": math.nan, "loss": math.nan}, *ROWS[1:]]

    table = tuning.summary(rows, by="cell")

    assert table["accuracy_mean"].isna().tolist() == [True, False]
    assert table["loss_mean"].isna().tolist() == [True, False]


def test_devices_are_named_if_there_are_several_classes() -> None:
    table = tuning.ranked([*ROWS[:3], {**ROWS[3], "device": "GPU"}], CELLS)

    assert table["devices"].tolist() == ["CPU; GPU", "CPU"]


def test_the_yaml_is_a_recipe_of_params_yaml(small_params: Path) -> None:
    recipe = read_params(small_params).recipes["fast"]
    yaml = YAML(typ="safe")
    content = yaml.load(small_params)
    content["recipes"] |= yaml.load(tuning.as_yaml(recipe))["recipes"]
    yaml.dump(content, small_params)

    assert read_params(small_params).recipes["tuned"] == recipe


def test_every_value_that_was_varied_has_a_panel_with_the_best_in_another_colour() -> None:
    figure = tuning.search(tuning.ranked(ROWS, CELLS), ["rate", "pool"])

    assert [axes.get_xlabel() for axes in figure.axes] == ["rate", "pool"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0.1", "0.2"]
    for axes in figure.axes:
        others, best = axes.lines
        assert best.get_color() != others.get_color()
        assert numbers(best.get_ydata()) == pytest.approx([0.96])
        assert numbers(others.get_ydata()) == pytest.approx([0.91])


def test_many_numbers_over_decades_stand_on_a_logarithmic_axis() -> None:
    rates = [10.0 ** (-number / 4) for number in range(12)]
    rows = [{"cell": cell, "accuracy": 0.9, "loss": 0.1, "device": "CPU"} for cell in range(12)]

    figure = tuning.search(tuning.ranked(rows, [{"rate": rate} for rate in rates]), ["rate"])

    assert figure.axes[0].get_xscale() == "log"


def test_many_sections_stand_side_by_side_with_equal_scores() -> None:
    cells = [{"network.convolutions": [{"channels": count}]} for count in range(9)]
    # In floating point, three times this accuracy by three is more than itself.
    row = {"accuracy": 0.1, "loss": 1.0, "device": "CPU"}
    rows = [{"cell": number, **row} for number in range(9) for _ in range(3)]

    figure = tuning.search(tuning.ranked(rows, cells), ["network.convolutions"])

    assert len(figure.axes[0].get_xticks()) == 9


def test_the_learning_curve_has_a_point_for_each_number_of_images() -> None:
    rows = [{**row, "images": 100 * (1 + row["cell"])} for row in ROWS]
    table = tuning.summary(rows, by="images")

    (axes,) = tuning.learning_curve(table).axes

    assert [label.get_text() for label in axes.get_xticklabels()] == ["100", "200"]
    assert numbers(axes.lines[0].get_ydata()) == pytest.approx([0.91, 0.96])
    assert png(tuning.learning_curve(table)) == png(tuning.learning_curve(table))
