"""Stage ``export``: write the retrained network in formats that other programs load."""

from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.params import read_params
from stages.serving.description import Description, image_format
from stages.serving.export import export
from stages.shared import artifacts
from stages.shared.command import PathOption


def main(
    params: PathOption,
    arrays: PathOption,
    standardization: PathOption,
    weights: PathOption,
    saved_model: PathOption,
    tflite: PathOption,
) -> None:
    """Write the network with the ``weights``; it accepts images in the format of the ``arrays``."""
    parameters = read_params(params)
    dataset, recipe = parameters.chosen_dataset, parameters.chosen_recipe
    images = artifacts.read_array(arrays / "train_images.npy")
    numbers = artifacts.read_tensors(standardization)
    description = Description(
        version=1,
        dataset=parameters.dataset,
        title=dataset.title,
        classes=dataset.classes,
        images=image_format(images, numbers["mean"], dataset.expectations),
    )

    prepare("cpu", parameters.machine.threads)
    classifier = Classifier(recipe.network, numbers, len(dataset.classes), recipe.seed)
    classifier.weights = artifacts.read_tensors(weights)
    exported = export(classifier, description)

    for name, content in exported.saved_model.items():
        artifacts.write_bytes(saved_model / name, content)
    artifacts.write_bytes(tflite, exported.tflite)
