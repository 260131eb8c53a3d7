import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.file import read_params
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.recipe import Recipe
from stages.search import cross_validation
from stages.search.cross_validation import Score, score
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop
from stages.training.trainer import DivergedError


@pytest.fixture
def recipe(small_params: Path, small_network: NetworkParams) -> Recipe:
    fast = read_params(small_params).recipes["fast"]
    return fast.model_copy(update={"network": small_network})


@pytest.fixture
def parts(small_mnist: dict[str, Array]) -> tuple[Examples, Examples]:
    images, labels = small_mnist["train_images"], small_mnist["train_labels"]
    fit, validation = (
        Examples(images, labels, rows) for rows in (np.arange(200), np.arange(200, 300))
    )
    return fit, validation


def test_the_epochs_of_a_constant_rate_have_scores_of_their_own(
    recipe: Recipe, machine: Machine, parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    def found(epochs: int) -> Score:
        constant = recipe.training.model_copy(
            update={"warmup": 0.0, "decay": "none", "epochs": epochs}
        )
        varied = recipe.model_copy(update={"training": constant})
        return score(varied, machine, 10, *parts, measure, tmp_path / "scores")

    assert found(1).loss != found(2).loss


def test_a_training_that_diverged_is_not_tried_again(
    recipe: Recipe,
    machine: Machine,
    parts: tuple[Examples, Examples],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ruinous = recipe.training.model_copy(
        update={"learning_rate": 3e38, "warmup": 0.0, "beta_1": 0.9999, "beta_2": 0.0}
    )
    varied = recipe.model_copy(update={"training": ruinous})
    with pytest.raises(DivergedError) as first:
        score(varied, machine, 10, *parts, measure, tmp_path / "scores")
    monkeypatch.setattr(cross_validation, "trained", pytest.fail)

    with pytest.raises(DivergedError) as again:
        score(varied, machine, 10, *parts, measure, tmp_path / "scores")

    assert str(again.value) == str(first.value)


def change_a_digit(path: Path) -> None:
    value = json.loads(path.read_text())
    artifacts.write_json(path, value | {"loss": np.nextafter(value["loss"], 9)})


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        change_a_digit,
        put_a_folder,
        lambda path: path.write_text('{"accuracy": 0.'),
        lambda path: path.write_text('{"accuracy": 1.0, "loss": 0.0}'),
        lambda path: path.write_text("[1]"),
        lambda path: os.truncate(path, 1 << 40),
    ],
    ids=["a digit", "a folder", "cut off", "no digest", "a list", "too large"],
)
def test_a_damaged_score_is_measured_again(
    recipe: Recipe,
    machine: Machine,
    parts: tuple[Examples, Examples],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], object],
) -> None:
    found = score(recipe, machine, 10, *parts, measure, tmp_path / "scores")
    (path,) = (tmp_path / "scores").iterdir()
    damage(path)
    capsys.readouterr()

    assert score(recipe, machine, 10, *parts, measure, tmp_path / "scores") == found
    assert capsys.readouterr().err.splitlines()[0].startswith(f"scoring again: {path}: expected ")
    assert path.is_file()


def test_a_score_is_of_the_images_that_were_not_fitted(
    recipe: Recipe, machine: Machine, parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    fit, validation = parts
    found = score(recipe, machine, 10, fit, validation, measure, tmp_path / "scores")

    classifier = Classifier(recipe.network, measure(fit.images[:200]), 10, recipe.seed)
    TrainingLoop(classifier, recipe.training, machine, fit).run()
    probabilities = classifier.probabilities(validation.images[200:300])
    labels = validation.labels[200:300]
    right = probabilities[np.arange(100), labels]
    assert found.accuracy == (probabilities.argmax(axis=1) == labels).mean()
    assert found.loss == pytest.approx(-np.log(right).mean(), rel=1e-5)


@pytest.mark.parametrize("changed", ["the code", "the library"])
def test_a_score_of_other_code_is_measured_again(
    recipe: Recipe,
    machine: Machine,
    parts: tuple[Examples, Examples],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
) -> None:
    found = score(recipe, machine, 10, *parts, measure, tmp_path / "scores")
    if changed == "the code":
        (tmp_path / "code").mkdir()
        (tmp_path / "code" / "cross_validation.py").write_text("changed = True\n")
        monkeypatch.setattr(cross_validation, "_CODE", tmp_path / "code")
    else:
        monkeypatch.setattr(cross_validation, "library", "0.1")

    assert score(recipe, machine, 10, *parts, measure, tmp_path / "scores") == found
    assert len(list((tmp_path / "scores").iterdir())) == 2


def test_a_score_is_measured_once(
    recipe: Recipe,
    machine: Machine,
    parts: tuple[Examples, Examples],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = score(recipe, machine, 10, *parts, measure, tmp_path / "scores")
    monkeypatch.setattr(cross_validation, "trained", pytest.fail)

    assert score(recipe, machine, 10, *parts, measure, tmp_path / "scores") == found
    # Neither a checkpoint nor anything else stays beside it.
    assert len(list((tmp_path / "scores").iterdir())) == 1


def test_what_it_depends_on_is_measured_again(
    recipe: Recipe, machine: Machine, parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    fit, validation = parts
    seeded = recipe.model_copy(update={"seed": 2})
    other = Examples(validation.images, validation.labels, np.arange(300, 400))
    scores = [
        score(recipe, machine, 10, fit, validation, measure, tmp_path / "scores"),
        score(recipe, machine, 10, fit, other, measure, tmp_path / "scores"),
        score(seeded, machine, 10, fit, validation, measure, tmp_path / "scores"),
    ]

    assert len(list((tmp_path / "scores").iterdir())) == 3
    assert len({found.loss for found in scores}) == 3
