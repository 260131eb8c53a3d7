"""The gate rejects invalid results, and a picture without a digit gets no prediction."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.small_project import Project

Edit = Callable[[Path], object]


def metric(place: str, value: str) -> Edit:
    """Replace a number of reports/metrics.json by a piece of JSON."""

    def edit(folder: Path) -> None:
        path = folder / "reports" / "metrics.json"
        metrics: dict[str, Any] = json.loads(path.read_text())
        section, _, name = place.partition(".")
        metrics[section][name] = "HERE"
        path.write_text(json.dumps(metrics).replace('"HERE"', value))

    return edit


def only_the_header(folder: Path) -> None:
    path = folder / "reports" / "classes.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")


DAMAGES: dict[str, Edit] = {
    "an infinite accuracy": metric("test.accuracy", "1e999"),
    "no test images": metric("test.images", "0"),
    "another accuracy": metric("test.accuracy", "0.9999"),
    "deep nesting": metric("test.accuracy", "[" * 100_000 + "]" * 100_000),
    "a table without rows": only_the_header,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_gate_rejects_invalid_results(project: Project, damage: Edit) -> None:
    damage(project.folder)

    output = project.run("python", "-m", "pipelines", "gate", code=1)

    assert output.startswith("error: ")
    assert output.count("\n") == 1
    assert not (project.folder / "reports" / "gate.json").exists()


def test_a_prediction_follows_the_model_and_not_the_parameters(project: Project) -> None:
    command = (
        "python",
        "-m",
        "stages.tools.predict",
        "--json",
        "data/handwriting/7-at-the-edge.jpg",
    )
    before = project.run(*command)
    params = project.folder / "params.yaml"
    params.write_text(params.read_text().replace("dataset: mnist", "dataset: fashion-mnist", 1))

    assert project.run(*command) == before
    assert "boot" not in before


def test_a_blank_picture_gets_no_digit(project: Project) -> None:
    output = project.run("python", "-m", "stages.tools.predict", "data/handwriting/blank.jpg")
    assert output == "data/handwriting/blank.jpg: no digit found\n"
