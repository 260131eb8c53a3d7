"""Stage ``export``: write the retrained network in formats that other programs load."""

from stages.model.device import prepare
from stages.model.loading import load_classifier
from stages.params.dataset import Dataset
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.serving.description import Description, image_format
from stages.serving.export import export
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import Parameters


def main(
    params: PathOption,
    arrays: PathOption,
    standardization: PathOption,
    weights: PathOption,
    saved_model: PathOption,
    tflite: PathOption,
) -> None:
    """Write the network with the ``weights``; it accepts images in the format of the ``arrays``."""
    parameters = Parameters(params)
    dataset = parameters.chosen("dataset", Dataset)
    network = parameters.chosen("recipe", NetworkParams, "network")
    machine = parameters.section(Machine, "machine")
    images = artifacts.read_array(arrays / "train_images.npy")
    numbers = artifacts.read_tensors(standardization)
    form = image_format(images, float(numbers["background"][0]), dataset.expectations)

    prepare("cpu", machine.threads)
    classifier = load_classifier(network, numbers, len(dataset.classes), weights)
    description = Description(
        version=1,
        dataset=parameters.name("dataset"),
        title=dataset.title,
        classes=dataset.classes,
        images=form,
        doubt=classifier.doubt,
    )
    exported = export(classifier, description)

    for name, content in exported.saved_model.items():
        artifacts.write_bytes(saved_model / name, content)
    artifacts.write_bytes(tflite, exported.tflite)
