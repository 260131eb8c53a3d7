"""Score a recipe on images that it was not fitted on, and keep the score for later runs."""

import hashlib
import json
import math
from pathlib import Path

from sklearn import __version__ as library
from sklearn.metrics import log_loss

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier, settings
from stages.model.device import prepare
from stages.search.folds import folds, sample
from stages.search.trials import Score, Study, Trial
from stages.shared import artifacts
from stages.shared.errors import UserError
from stages.shared.guard.session import check_unchanged
from stages.training import cache
from stages.training.batches import Examples, loaded
from stages.training.checkpoint import determinants, trained
from stages.training.hardware import hardware
from stages.training.trainer import DivergedError

# The determinants of a training cover neither this code nor the library that computes the loss.
_CODE = Path(__file__)


class OtherTrialError(UserError):
    """A machine does not have the code, the data or the libraries that the search began with."""


def content(study: Study, trial: Trial) -> str:
    """Return the hash of everything that determines a score except the device."""
    return _content(study, trial, *_examples(study, trial))


def score(study: Study, trial: Trial, expected: str | None = None) -> Score:
    """Train on some images and classify others, unless the score is already known.

    Args:
        study: what all trials have in common.
        trial: what to train.
        expected: its ``content``; None means that there is nothing to compare.

    Raises:
        OtherTrialError: the content is another one here.
        TrainingError: the training cannot continue.
        NetworkError: the network does not fit the images.
    """
    fit, validation = (loaded(one, study.machine.input) for one in _examples(study, trial))
    found = _content(study, trial, fit, validation)
    if expected is not None and found != expected:
        raise OtherTrialError(
            "expected this machine to have the code, the data and the libraries that the search "
            "began with, found others; check out the same commit, run `make setup` and "
            "`dvc pull data/arrays`, and start the worker again."
        )
    prepare(study.machine.device, study.machine.threads)
    device = device_class()
    # As for a checkpoint, the name must cover the code that has been imported.
    check_unchanged()
    known = _kept(_path(study, found, device))
    if known:
        return known
    recipe = trial.recipe
    standardization = measure(fit.images, fit.chosen)
    classifier = Classifier(recipe.network, standardization, study.classes, recipe.seed)
    try:
        with trained(classifier, recipe.training, study.machine, fit, None, study.scores):
            measured = _measured(classifier, validation, device)
            keep(study, found, measured)
    except DivergedError as error:
        measured = Score(math.nan, math.nan, device, str(error))
        keep(study, found, measured)
    return measured


def kept(study: Study, found: str) -> Score | None:
    """Return the kept score of a ``content``, whatever device trained it; None if there is none."""
    paths = sorted(study.scores.glob(f"{found}-*.json"))
    return next((known for known in map(_kept, paths) if known), None)


def keep(study: Study, found: str, scored: Score) -> None:
    """Keep the score of a ``content`` for later runs."""
    values = scored._asdict()
    # JSON knows no number for the loss of a training that diverged.
    for name in ("accuracy", "loss") if scored.diverged else ("diverged",):
        del values[name]
    cache.keep_values(_path(study, found, scored.device), values)


def device_class() -> str:
    """Return a name for what computes here; two devices of one name give the same scores."""
    found = hardware()
    what = " + ".join(found.get("gpus", [])) or f"{found['cpu']}, {found['threads']} threads"
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    return f"{what}, TensorFlow {found['tensorflow']} [{digest[:8]}]"


def _examples(study: Study, trial: Trial) -> tuple[Examples, Examples]:
    """Return the images to fit and those to classify after the last epoch."""
    images = artifacts.read_array(study.arrays / "train_images.npy")
    labels = artifacts.read_array(study.arrays / "train_labels.npy")
    part = folds(labels, study.folds, study.seed)[trial.fold]
    fit = part["fit"]
    if trial.images is not None:
        fit = sample(fit, labels, trial.images, study.seed)
    return Examples(images, labels, fit), Examples(images, labels, part["validation"])


def _content(study: Study, trial: Trial, fit: Examples, validation: Examples) -> str:
    recipe = trial.recipe
    determined = determinants(
        settings(recipe.network, study.classes, recipe.seed),
        measure(fit.images, fit.chosen),
        recipe.training,
        study.machine,
        {"examples": fit, "validation": validation},
    )
    # With a constant learning rate, the determinants are the same for any number of epochs.
    everything = [determined, recipe.training.epochs, library, _CODE.read_text(encoding="utf-8")]
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def _path(study: Study, found: str, device: str) -> Path:
    return study.scores / f"{found}-{hashlib.sha256(device.encode()).hexdigest()[:16]}.json"


def _kept(path: Path) -> Score | None:
    try:
        values = cache.kept_values(path)
    except cache.DamagedError as error:
        cache.log(f"scoring again: {error}")
        return None
    if values is None:
        return None
    return Score(**{"accuracy": math.nan, "loss": math.nan, **values})


def _measured(classifier: Classifier, examples: Examples, device: str) -> Score:
    probabilities = classifier.probabilities(examples.images, examples.chosen)
    labels = examples.labels[examples.chosen]
    return Score(
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
        loss=float(log_loss(labels, probabilities, labels=range(probabilities.shape[1]))),
        device=device,
    )
