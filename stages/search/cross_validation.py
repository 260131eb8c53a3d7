"""Score a recipe on images that it was not fitted on, and keep the score for later runs."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sklearn import __version__ as library
from sklearn.metrics import log_loss

from stages.model.classifier import Classifier
from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.shared.artifacts import Array
from stages.shared.guard.session import check_unchanged
from stages.training import cache
from stages.training.batches import Examples, loaded
from stages.training.checkpoint import key, trained
from stages.training.trainer import DivergedError

# A checkpoint's key covers neither this code nor the library that computes the loss.
_CODE = Path(__file__).parent
# Key of the reason why a training has no score.
_DIVERGED = "diverged"


class Score(NamedTuple):
    """How well the validation images are classified."""

    accuracy: float
    """Share of the images that are classified correctly."""
    loss: float
    """Mean cross-entropy of the images, in nats."""


def score(
    recipe: Recipe,
    machine: Machine,
    classes: int,
    fit: Examples,
    validation: Examples,
    standardize: Callable[[Array, Array], dict[str, Array]],
    folder: Path,
) -> Score:
    """Train on some images and classify others, unless the score is already known.

    Args:
        recipe: the recipe to score.
        machine: how this machine trains.
        classes: the number of classes.
        fit: the images to fit.
        validation: the images to classify after the last epoch.
        standardize: measures the standardization on the fitted rows.
        folder: of scores and checkpoints, each named by the hash of everything that determines it.

    Raises:
        DivergedError: the training has no score, now or when it was first tried.
        TrainingError: the training cannot continue.
        NetworkError: the network does not fit the images.
    """
    fit, validation = loaded(fit, machine.input), loaded(validation, machine.input)
    numbers = standardize(fit.images, fit.chosen)
    classifier = Classifier(recipe.network, numbers, classes, recipe.seed)
    sets = {"examples": fit, "validation": validation}
    name = _name(key(classifier, recipe.training, machine, sets), recipe.training.epochs)
    path = folder / f"{name}.json"
    # As for a checkpoint, the key must cover the code that has been imported.
    check_unchanged()
    kept = _kept(path)
    if kept is not None:
        return kept
    try:
        with trained(classifier, recipe.training, machine, fit, None, folder):
            found = _measure(classifier, validation)
            cache.keep_values(path, found._asdict())
    except DivergedError as error:
        cache.keep_values(path, {_DIVERGED: str(error)})
        raise
    return found


def _name(checkpoint: str, epochs: int) -> str:
    """Hash everything that determines a score.

    With a constant learning rate, the key of the checkpoint is the same for any number of epochs.
    """
    code = {path.name: path.read_text(encoding="utf-8") for path in _CODE.glob("*.py")}
    settings = [checkpoint, epochs, library, code]
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _kept(path: Path) -> Score | None:
    try:
        content = cache.kept_values(path)
    except cache.DamagedError as error:
        cache.log(f"scoring again: {error}")
        return None
    if content is None:
        return None
    if _DIVERGED in content:
        raise DivergedError(content[_DIVERGED])
    return Score(**content)


def _measure(classifier: Classifier, examples: Examples) -> Score:
    probabilities = classifier.probabilities(examples.images, examples.chosen)
    labels = examples.labels[examples.chosen]
    return Score(
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
        loss=float(log_loss(labels, probabilities, labels=range(probabilities.shape[1]))),
    )
