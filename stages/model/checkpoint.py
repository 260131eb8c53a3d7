"""The state of a training, kept after each epoch, so that a killed one goes on from there."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from stages.artifacts import Array
from stages.guard.session import check_unchanged, when_unchanged
from stages.model import cache
from stages.model.batches import Examples, held
from stages.model.classifier import Classifier, Timing
from stages.model.hardware import hardware
from stages.sections.machine import Machine
from stages.sections.recipe import Training

_CODE = Path(__file__).parent


@contextmanager
def trained(
    classifier: Classifier,
    training: Training,
    machine: Machine,
    examples: Examples,
    validation: Examples | None,
    folder: Path,
    after_epoch: Sequence[Callable[[], None]] = (),
) -> Iterator[Timing]:
    """Train, from the last checkpoint of the very same training where there is one.

    The block writes what came of it. The checkpoint is removed at the end of the stage, unless it
    is to be kept or something has changed meanwhile, and stays when the process is stopped. Where
    it is damaged, or cannot be written, a line says so, and the training does without it.

    Args:
        classifier: as it is made, with its first weights.
        training: the recipe's hyperparameters.
        machine: how this machine trains, and whether the last checkpoint is kept.
        examples: what is fitted.
        validation: what the accuracy after each epoch is measured on, if anything.
        folder: where checkpoints lie, each under the hash of all that determines its training.
        after_epoch: each called when an epoch is in the history, the weights and the checkpoint.

    Yields:
        What it took.

    Raises:
        ChangedError: something that the stage depends on has changed before the training, or
            streamed images have during it.
        TrainingError: the training cannot go on; its last checkpoint stays.
    """
    examples = held(examples, machine.input)
    validation = held(validation, machine.input) if validation else None
    sets = {"examples": examples} | ({"validation": validation} if validation else {})
    path = folder / f"{key(classifier, training, machine, sets)}.safetensors"
    # The key names the code as it is now: it must be the code that has been imported.
    check_unchanged()
    state = _kept(path, classifier, training.epochs)
    if state is not None:
        classifier.state = state
        cache.say(f"going on after epoch {len(classifier.history)}, from {path}")

    def keep() -> None:
        if isinstance(examples.images, np.memmap):
            # What is streamed may have been written to, and the epoch been trained on it.
            check_unchanged()
        cache.keep(path, classifier.state)
        for follow in after_epoch:
            follow()

    def remove() -> None:
        # A process that was killed while it wrote has left a part behind.
        leftovers = [] if machine.keep_checkpoint else [path]
        for leftover in (*leftovers, *folder.glob(f".{path.name}.*.part")):
            # The training has ended well; what cannot be removed does no harm.
            with suppress(OSError):
                leftover.unlink()

    yield classifier.train(training, machine, examples, validation, keep)
    when_unchanged(remove)


def _kept(path: Path, classifier: Classifier, epochs: int) -> dict[str, Array] | None:
    try:
        state = cache.kept(path, _maximum_bytes(classifier, epochs))
    except cache.DamagedError as error:
        cache.say(f"starting from scratch: {error}")
        return None
    if state is not None and len(state["history.epoch"]) > epochs:
        cache.say(f"starting from scratch: {path} is of more epochs than {epochs}")
        return None
    return state


def _maximum_bytes(classifier: Classifier, epochs: int) -> int:
    """Give more bytes than a checkpoint has.

    The optimizer keeps two moments of each weight, and an average and a value beside it.
    """
    weights = sum(array.nbytes for array in classifier.weights.values())
    return 8 * weights + 64 * epochs + (1 << 20)


def key(
    classifier: Classifier, training: Training, machine: Machine, sets: Mapping[str, Examples]
) -> str:
    """Hash everything that determines the training: recipe, data, code, library and machine.

    Args:
        classifier: as it is made.
        training: the recipe's hyperparameters.
        machine: how this machine trains.
        sets: the examples by their part in it.
    """
    # With a constant learning rate an epoch is the same however many follow it.
    constant = training.warmup == 0 and training.decay == "none" and training.averaging == 0
    settings: dict[str, Any] = {
        "classifier": classifier.settings,
        "training": training.model_dump(exclude={"epochs"} if constant else None),
        "machine": machine.model_dump(include={"precision", "jit_compile"}),
        "hardware": hardware(),
        "code": {path.name: path.read_text(encoding="utf-8") for path in _CODE.glob("*.py")},
    }
    arrays = {f"standardization {name}": array for name, array in classifier.numbers.items()}
    for name, examples in sets.items():
        arrays |= {
            f"{name} images": examples.images,
            f"{name} labels": examples.labels,
            f"{name} rows": examples.chosen,
        }
    settings["arrays"] = cache.digest_of(arrays)
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
