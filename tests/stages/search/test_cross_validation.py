import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.recipe import Recipe
from stages.search import cross_validation
from stages.search.cross_validation import (
    OtherTrialError,
    content,
    device_class,
    keep,
    kept,
    score,
)
from stages.search.folds import folds, sample
from stages.search.trials import Score, Study, Trial
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop

pytestmark = pytest.mark.slow


def test_the_epochs_of_a_constant_rate_have_scores_of_their_own(
    recipe: Recipe, study: Study
) -> None:
    def found(epochs: int) -> Score:
        constant = recipe.training.model_copy(
            update={"warmup": 0.0, "decay": "none", "epochs": epochs}
        )
        varied = recipe.model_copy(update={"training": constant})
        return score(study, Trial(varied, 0))

    assert found(1).loss != found(2).loss


def test_a_training_that_diverged_is_not_tried_again(
    recipe: Recipe,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ruinous = recipe.training.model_copy(
        update={"learning_rate": 3e38, "warmup": 0.0, "beta_1": 0.9999, "beta_2": 0.0}
    )
    varied = recipe.model_copy(update={"training": ruinous})
    found = score(study, Trial(varied, 0))
    assert "is infinite or not a number" in found.diverged
    monkeypatch.setattr(cross_validation, "trained", pytest.fail)

    assert score(study, Trial(varied, 0)) == found


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
    study: Study,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], object],
) -> None:
    found = score(study, Trial(recipe, 0))
    (path,) = study.scores.iterdir()
    damage(path)
    capsys.readouterr()

    assert score(study, Trial(recipe, 0)) == found
    assert capsys.readouterr().err.splitlines()[0].startswith(f"scoring again: {path}: expected ")
    assert path.is_file()


def test_a_score_is_of_the_images_that_were_not_fitted(
    recipe: Recipe, study: Study, small_mnist: dict[str, Array]
) -> None:
    found = score(study, Trial(recipe, 1, images=200))

    images, labels = small_mnist["train_images"], small_mnist["train_labels"]
    part = folds(labels, 2, seed=1)[1]
    fit = Examples(images, labels, sample(part["fit"], labels, 200, seed=1))
    classifier = Classifier(recipe.network, measure(images[fit.chosen]), 10, recipe.seed)
    TrainingLoop(classifier, recipe.training, study.machine, fit).run()
    probabilities = classifier.probabilities(images[part["validation"]])
    answers = labels[part["validation"]]
    right = probabilities[np.arange(len(answers)), answers]
    assert found.accuracy == (probabilities.argmax(axis=1) == answers).mean()
    assert found.loss == pytest.approx(-np.log(right).mean(), rel=1e-5)


def test_a_score_of_another_device_is_not_used_in_this_process_but_known(
    recipe: Recipe, study: Study
) -> None:
    trial = Trial(recipe, 0)
    known = content(study, trial)
    elsewhere = Score(0.5, 1.5, "another device")
    keep(study, known, elsewhere)
    assert kept(study, known) == elsewhere

    assert score(study, trial).device == device_class()
    assert len(list(study.scores.iterdir())) == 2


def test_a_trial_of_other_content_is_refused(recipe: Recipe, study: Study) -> None:
    trial = Trial(recipe, 0)
    labels = artifacts.read_array(study.arrays / "train_labels.npy").copy()
    expected = content(study, trial)
    artifacts.write_array(study.arrays / "train_labels.npy", labels[::-1])

    with pytest.raises(OtherTrialError, match="check out the same commit"):
        score(study, trial, expected)

    assert not study.scores.exists()


def test_the_content_does_not_depend_on_where_the_images_are(recipe: Recipe, study: Study) -> None:
    streamed = study.machine.model_copy(update={"input": "stream"})
    found = score(study._replace(machine=streamed), Trial(recipe, 0))

    assert score(study, Trial(recipe, 0)) == found
    assert len(list(study.scores.iterdir())) == 1


@pytest.mark.parametrize("changed", ["the code", "the library"])
def test_a_score_of_other_code_is_measured_again(
    recipe: Recipe,
    study: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
) -> None:
    found = score(study, Trial(recipe, 0))
    if changed == "the code":
        (tmp_path / "code.py").write_text("changed = True\n")
        monkeypatch.setattr(cross_validation, "_CODE", tmp_path / "code.py")
    else:
        monkeypatch.setattr(cross_validation, "library", "0.1")

    assert score(study, Trial(recipe, 0)) == found
    assert len(list(study.scores.iterdir())) == 2


@pytest.mark.core
def test_a_score_is_measured_once(
    recipe: Recipe,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = score(study, Trial(recipe, 0))
    monkeypatch.setattr(cross_validation, "trained", pytest.fail)

    assert score(study, Trial(recipe, 0)) == found
    # Neither a checkpoint nor anything else stays beside it.
    assert len(list(study.scores.iterdir())) == 1


def test_what_it_depends_on_is_measured_again(recipe: Recipe, study: Study) -> None:
    seeded = recipe.model_copy(update={"seed": 2})
    scores = [
        score(study, Trial(recipe, 0)),
        score(study, Trial(recipe, 1)),
        score(study, Trial(recipe, 0, images=200)),
        score(study, Trial(seeded, 0)),
        score(study._replace(seed=2), Trial(recipe, 0)),
    ]

    assert len(list(study.scores.iterdir())) == 5
    assert len({found.loss for found in scores}) == 5
