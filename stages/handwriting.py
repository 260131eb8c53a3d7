"""Stage ``handwriting``: find and classify the digits on the user's own pictures."""

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.params import read_params
from stages.photos.collecting import collect
from stages.photos.handwriting import read_handwriting, stacked
from stages.reporting import handwriting as reporting
from stages.serving.description import image_format
from stages.shared import artifacts
from stages.shared.command import PathOption


def main(
    params: PathOption,
    arrays: PathOption,
    folder: PathOption,
    standardization: PathOption,
    weights: PathOption,
    digits: PathOption,
    table: PathOption,
    summary: PathOption,
) -> None:
    """Classify the digits on the pictures in ``folder``; write the ``digits`` and the answers."""
    parameters = read_params(params)
    dataset, recipe = parameters.chosen_dataset, parameters.chosen_recipe
    images = artifacts.read_array(arrays / "train_images.npy")
    numbers = artifacts.read_tensors(standardization)

    form = image_format(images, numbers["mean"], dataset.expectations)
    files, refused = collect(folder)
    found = read_handwriting(files, min(form.height, form.width))
    seen = stacked(found, form)
    # The mean of a single digit is the digit itself: subtracting it would leave nothing.
    if parameters.handwriting.standardization == "own" and len(seen) > 1:
        numbers = measure(seen)
    prepare(parameters.machine.device, parameters.machine.threads)
    classifier = Classifier(recipe.network, numbers, len(dataset.classes), recipe.seed)
    classifier.weights = artifacts.read_tensors(weights)
    names = [name for name, images in found.digits.items() for _ in images]
    answers = reporting.answers(names, classifier.probabilities(seen), dataset.classes)

    artifacts.write_array(digits, seen)
    artifacts.write_table(table, answers)
    artifacts.write_json(
        summary,
        reporting.summary(
            answers,
            list(found.digits),
            {**refused, **found.unread},
            dataset.classes,
        ),
    )
