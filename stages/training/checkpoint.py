"""Save the state of a training after each epoch, so that a killed training can continue."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stages.model.classifier import Classifier
from stages.model.machines import is_first, wait_for_all
from stages.params.machine import Machine
from stages.params.training import Training
from stages.shared.artifacts import Array
from stages.shared.guard.session import check_unchanged, when_unchanged
from stages.shared.parts import parts_of
from stages.training import cache
from stages.training.batches import Examples, loaded
from stages.training.hardware import hardware
from stages.training.loop import Timing, TrainingLoop
from stages.training.trainer import DivergedError

# The packages whose code determines the result of a training.
_CODE = tuple(Path(__file__).parents[1] / name for name in ("model", "training"))


class Trained(NamedTuple):
    """What a training has left besides the weights."""

    history: pd.DataFrame
    """The history of the ``TrainingLoop``: a row for each epoch."""
    timing: Timing


@contextmanager
def trained(
    classifier: Classifier,
    training: Training,
    machine: Machine,
    examples: Examples,
    validation: Examples | None,
    folder: Path,
    after_epoch: Sequence[Callable[[TrainingLoop], None]] = (),
) -> Iterator[Trained]:
    """Train, from the last checkpoint of exactly the same training if there is one.

    The block writes the results. The checkpoint is removed at the end of the stage, unless it is to
    be kept or an input has changed, and at once if the training diverges. It stays if the process
    is stopped. If it is damaged or cannot be written, report that and train without it.

    If several machines train together, the first one keeps the checkpoint, and the others, which
    leave the validation to it, wait until its block has ended.

    Args:
        classifier: new, with its initial weights.
        training: the recipe's hyperparameters.
        machine: how this machine trains, and whether the last checkpoint is kept.
        examples: the images to fit.
        validation: the images on which accuracy is measured after each epoch, if any.
        folder: of the checkpoints, each named by the hash of everything that determines its
            training.
        after_epoch: functions to call after an epoch is in the history, the weights and the
            checkpoint.

    Yields:
        The history of the training and how long it took. Only the first of several machines writes
        them: see ``stages.model.machines.is_first``.

    Raises:
        ChangedError: a dependency of the stage has changed before the training, or streamed images
            have changed during it.
        DivergedError: the training has diverged.
        TrainingError: the training cannot continue; its last checkpoint stays.
    """
    examples = loaded(examples, machine.input)
    validation = loaded(validation, machine.input) if validation else None
    sets = {"examples": examples} | ({"validation": validation} if validation else {})
    settings = classifier.settings, classifier.standardization
    path = folder / f"{key(determinants(*settings, training, machine, sets))}.safetensors"
    # The key covers the code on disk, which must be the code that has been imported.
    check_unchanged()
    first = is_first(classifier.strategy)
    state = _kept(path, classifier, training.epochs) if first else None
    loop = TrainingLoop(classifier, training, machine, examples, validation if first else None)
    if state is not None:
        loop.state = state
        cache.log(f"continuing after epoch {len(loop.history)}, from {path}")
    loop.follow_first()

    def keep() -> None:
        if not first:
            return
        if isinstance(examples.images, np.memmap):
            # Streamed images may have changed on disk, and the epoch may have used them.
            check_unchanged()
        cache.keep(path, loop.state)
        for follow in after_epoch:
            follow(loop)

    def remove() -> None:
        # A process that was killed while writing leaves a temporary file behind.
        leftovers = [] if machine.keep_checkpoint else [path]
        for leftover in (*leftovers, *parts_of(path)):
            # A file that cannot be removed does no harm.
            with suppress(OSError):
                leftover.unlink()

    try:
        timing = loop.run(keep)
    except DivergedError:
        # It would diverge again.
        remove()
        raise
    yield Trained(loop.history, timing)
    wait_for_all(classifier.strategy)
    when_unchanged(remove)


def _kept(path: Path, classifier: Classifier, epochs: int) -> dict[str, Array] | None:
    try:
        state = cache.kept(path, _maximum_bytes(classifier, epochs))
    except cache.DamagedError as error:
        cache.log(f"starting from scratch: {error}")
        return None
    if state is not None and len(state["history.epoch"]) > epochs:
        cache.log(f"starting from scratch: {path} has more than {epochs} epochs")
        return None
    return state


def _maximum_bytes(classifier: Classifier, epochs: int) -> int:
    """Return an upper bound for the size of a checkpoint.

    For each weight, it holds up to two moments, an average and a trained value.
    """
    weights = sum(array.nbytes for array in classifier.weights.values())
    return 8 * weights + 64 * epochs + (1 << 20)


def determinants(
    settings: Mapping[str, Any],
    standardization: Mapping[str, Array],
    training: Training,
    machine: Machine,
    sets: Mapping[str, Examples],
) -> str:
    """Hash everything that determines the training except the device: recipe, data and code.

    Args:
        settings: of the classifier.
        standardization: of the classifier.
        training: the recipe's hyperparameters.
        machine: how this machine trains.
        sets: the examples by their role, such as ``validation``.
    """
    # With a constant learning rate, an epoch does not depend on how many follow it.
    constant = training.warmup == 0 and training.decay == "none" and training.averaging == 0
    return _hash(
        {
            "classifier": settings,
            "standardization": cache.digest_of(standardization),
            "training": training.model_dump(exclude={"epochs"} if constant else None),
            "machine": machine.model_dump(include={"precision", "jit_compile"}),
            "code": {
                f"{folder.name}/{path.name}": path.read_text(encoding="utf-8")
                for folder in _CODE
                for path in folder.glob("*.py")
            },
            "sets": {
                name: {
                    "images": cache.digest_of_rows(examples.images, examples.chosen),
                    "labels": cache.digest_of_rows(examples.labels, examples.chosen),
                }
                for name, examples in sets.items()
            },
        }
    )


def key(determined: str) -> str:
    """Return the name of a training on this machine's device: of ``determinants`` and device."""
    return _hash({"determinants": determined, "hardware": hardware()})


def _hash(settings: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
