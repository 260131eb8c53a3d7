from pathlib import Path

import pytest

from stages.shared.guard.declaration import DeclarationError, read_declaration, value_at

MAIN = """
stages:
  train:
    cmd: python -m stages train
    deps: [data/arrays, "data/${dataset}.txt"]
    params:
      - dataset
      - recipes.${recipe}.seed
      - other.yaml: [place, "deep.${recipe}"]
    outs:
      - model.bin
      - pictures: {persist: true, cache: false}
    metrics:
      - metrics.json: {cache: false}
    plots:
      - history.csv: {cache: false, x: epoch}
"""
TUNING = """
vars: [../params.yaml]
stages:
  tune:
    wdir: ..
    cmd: python -m stages tune
    params:
      - params.yaml: ["recipes.${base}"]
    outs: ["${handwriting.folder}"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text(MAIN)
    (tmp_path / "tuning").mkdir()
    (tmp_path / "tuning" / "dvc.yaml").write_text(TUNING)
    (tmp_path / "tuning" / "params.yaml").write_text("base: fast\n")
    (tmp_path / "params.yaml").write_text(
        "dataset: mnist\nrecipe: fast\nhandwriting: {folder: photos}\n"
    )
    return tmp_path


@pytest.mark.usefixtures("project")
def test_every_kind_of_dependency_and_output_is_read() -> None:
    declaration = read_declaration("train")

    assert declaration.dependencies == ("data/arrays", "data/mnist.txt")
    assert declaration.parameters == (
        ("params.yaml", "dataset"),
        ("params.yaml", "recipes.fast.seed"),
        ("other.yaml", "place"),
        ("other.yaml", "deep.fast"),
    )
    assert declaration.outputs == ("model.bin", "metrics.json", "history.csv")
    assert declaration.owned_by_people == ("pictures",)


@pytest.mark.usefixtures("project")
def test_values_come_from_the_parameters_beside_the_file_and_from_vars() -> None:
    declaration = read_declaration("tune")

    assert declaration.parameters == (("params.yaml", "recipes.fast"),)
    assert declaration.outputs == ("photos",)


@pytest.mark.usefixtures("project")
def test_an_undeclared_stage_is_refused() -> None:
    with pytest.raises(DeclarationError, match="to declare the stage guess, found no such stage"):
        read_declaration("guess")


@pytest.mark.parametrize("content", ["stages: [", "a: &x\n  - *y\n"])
def test_a_file_that_is_not_yaml_is_refused(project: Path, content: str) -> None:
    (project / "dvc.yaml").write_text(content)

    with pytest.raises(DeclarationError, match=r"^dvc\.yaml: expected a YAML file, found a"):
        read_declaration("train")


def test_a_place_without_a_value_has_none() -> None:
    assert value_at({"a": {"b": 1}}, "a.b") == 1
    assert value_at({"a": {"b": 1}}, "a.c") is None
    assert value_at({"a": {"b": 1}}, "a.b.c") is None
