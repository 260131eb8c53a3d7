"""Stage ``handwriting``: find and classify the digits on the user's own pictures."""

from stages.dataset.standardization import measure
from stages.model.device import prepare
from stages.model.loading import load_classifier
from stages.params.dataset import Dataset
from stages.params.handwriting import Handwriting
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.photos.collecting import collect
from stages.photos.handwriting import read_handwriting, stacked
from stages.photos.second_look import look_again
from stages.results import files
from stages.results import handwriting as results
from stages.serving.description import image_format
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import Parameters


def main(
    params: PathOption,
    arrays: PathOption,
    folder: PathOption,
    standardization: PathOption,
    weights: PathOption,
    digits: PathOption,
    reports: PathOption,
) -> None:
    """Classify the digits on the pictures in ``folder``.

    Write the ``digits`` as images, and the answers to ``reports``.
    """
    parameters = Parameters(params)
    dataset = parameters.chosen("dataset", Dataset)
    network = parameters.chosen("recipe", NetworkParams, "network")
    machine = parameters.section(Machine, "machine")
    choice = parameters.section(Handwriting, "handwriting").standardization
    images = artifacts.read_array(arrays / "train_images.npy")
    numbers = artifacts.read_tensors(standardization)

    form = image_format(images, float(numbers["background"][0]), dataset.expectations)
    pictures, refused = collect(folder)
    found = read_handwriting(pictures, min(form.height, form.width))
    seen = stacked(found, form)
    # The mean of a single digit is the digit itself: subtracting it would leave nothing.
    if choice == "own" and len(seen) > 1:
        numbers = measure(seen) | {"background": numbers["background"]}
    prepare(machine.device, machine.threads)
    classifier = load_classifier(network, numbers, len(dataset.classes), weights)
    found = look_again(found, classifier.probabilities, form, classifier.doubt)
    seen = stacked(found, form)
    probabilities = classifier.probabilities(seen)
    answers = results.answers(
        found.names, probabilities, dataset.classes, classifier.doubt, found.changes
    )
    summary = results.summary(
        answers, list(found.digits), {**refused, **found.unread}, dataset.classes
    )

    artifacts.write_array(digits, seen)
    artifacts.write_table(reports / files.HANDWRITING, answers)
    artifacts.write_json(reports / files.HANDWRITING_SUMMARY, summary)
