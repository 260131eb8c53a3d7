"""Stage ``retrain``: fit the network on all training images, with the same parameters."""

from stages.guard.session import when_unchanged
from stages.model.batches import Examples
from stages.model.checkpoint import trained
from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.model.provenance import record
from stages.model.tensorboard import log_to
from stages.params import read_params
from stages.shared import artifacts
from stages.shared.command import PathOption


def main(
    params: PathOption,
    arrays: PathOption,
    standardization: PathOption,
    checkpoints: PathOption,
    tensorboard: PathOption,
    provenance: PathOption,
    weights: PathOption,
    history: PathOption,
) -> None:
    """Train on all training images and write the ``weights`` and the ``history``."""
    parameters = read_params(params)
    dataset, recipe = parameters.chosen_dataset, parameters.chosen_recipe
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")

    prepare(parameters.machine.device, parameters.machine.threads)
    classifier = Classifier(
        recipe.network,
        artifacts.read_tensors(standardization),
        len(dataset.classes),
        recipe.seed,
    )
    loggers = [log_to(tensorboard, classifier)] if parameters.machine.tensorboard else []

    def write_history() -> None:
        artifacts.write_table(history, classifier.history)

    with trained(
        classifier,
        recipe.training,
        parameters.machine,
        Examples(images, labels),
        None,
        checkpoints,
        [write_history, *loggers],
    ) as timing:
        artifacts.write_tensors(weights, classifier.weights)
        write_history()
        when_unchanged(lambda: record(provenance, "retrain", weights, parameters, timing))
