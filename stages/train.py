"""Stages ``train`` and ``retrain``: fit the network.

``train`` fits some of the training images and validates on the others after each epoch; ``retrain``
fits all of them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.model.machines import is_first, naming_a_loss
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.guard.session import when_unchanged
from stages.shared.parameters import ClassNames, Parameters, Seeded
from stages.training.batches import Examples
from stages.training.calibration import calibrate
from stages.training.checkpoint import trained
from stages.training.loop import TrainingLoop
from stages.training.provenance import record
from stages.training.tensorboard import log_to


def main(
    params: PathOption,
    arrays: PathOption,
    standardization: PathOption,
    models: PathOption,
    weights: PathOption,
    history: PathOption,
    indices: Annotated[Path | None, typer.Option()] = None,
    calibrated: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Train on the images of ``indices`` or on all; write the ``weights`` and the ``history``.

    If the recipe has a temperature, it is fitted to the validation images of ``indices``, or taken
    from the weights ``calibrated``.

    Files that depend on the machine or the date go to ``models``; DVC does not record them:
    checkpoints, logs for TensorBoard, and the provenance.
    """
    parameters = Parameters(params)
    names = parameters.chosen("dataset", ClassNames).classes
    seed = parameters.chosen("recipe", Seeded).seed
    network = parameters.chosen("recipe", NetworkParams, "network")
    training = parameters.chosen("recipe", Training, "training")
    machine = parameters.section(Machine, "machine")
    chosen: dict[str, str | int] = {
        "dataset": parameters.name("dataset"),
        "recipe": parameters.name("recipe"),
        "seed": seed,
    }
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")
    fit, validation = Examples(images, labels), None
    if indices:
        fit, validation = (
            Examples(images, labels, artifacts.read_array(indices / f"{name}.npy"))
            for name in ("fit", "validation")
        )

    prepare(machine.device, machine.threads, together=True)
    classifier = Classifier(network, artifacts.read_tensors(standardization), len(names), seed)

    def write_history(loop: TrainingLoop) -> None:
        artifacts.write_table(history, loop.history)

    provenance = models / "provenance.json"
    after_epoch: list[Callable[[TrainingLoop], None]] = [write_history]
    if machine.tensorboard:
        after_epoch.append(log_to(models / "tensorboard" / weights.stem))
    with (
        naming_a_loss(),
        trained(
            classifier, training, machine, fit, validation, models / "checkpoints", after_epoch
        ) as results,
    ):
        if is_first(classifier.strategy):
            calibrate(classifier, validation, calibrated)
            artifacts.write_tensors(weights, classifier.weights)
            artifacts.write_table(history, results.history)
            when_unchanged(lambda: record(provenance, weights, chosen, machine, results.timing))
