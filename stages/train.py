"""Stage ``train``: fit the network on the fit indices, with validation after each epoch."""

from stages import artifacts
from stages.command import PathOption, run
from stages.model.checkpoint import trained
from stages.model.classifier import Classifier, Examples
from stages.model.device import prepare
from stages.params import read_params


def main(
    params: PathOption,
    arrays: PathOption,
    indices: PathOption,
    standardization: PathOption,
    checkpoints: PathOption,
    weights: PathOption,
    history: PathOption,
) -> None:
    """Train on the images of ``indices`` and write the ``weights`` and the ``history``."""
    parameters = read_params(params)
    dataset, recipe = parameters.chosen_dataset, parameters.chosen_recipe
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")
    fit = artifacts.read_array(indices / "fit.npy")
    validation = artifacts.read_array(indices / "validation.npy")

    prepare(parameters.compute.threads)
    classifier = Classifier(
        recipe.network,
        artifacts.read_tensors(standardization),
        len(dataset.classes),
        recipe.seed,
    )
    examples = Examples(images[fit], labels[fit])
    validated = Examples(images[validation], labels[validation])
    with trained(classifier, recipe.training, examples, validated, checkpoints):
        artifacts.write_tensors(weights, classifier.weights)
        artifacts.write_table(history, classifier.history)


if __name__ == "__main__":
    run(main)
