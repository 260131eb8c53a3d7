"""Stage ``evaluate``: measure the retrained network on the test images, once."""

from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.params import read_params
from stages.reporting import metrics as measures
from stages.reporting.calibration import calibration as bins
from stages.results.reading import read_history
from stages.shared import artifacts
from stages.shared.command import PathOption


def main(
    params: PathOption,
    arrays: PathOption,
    standardization: PathOption,
    weights: PathOption,
    history: PathOption,
    metrics: PathOption,
    predictions: PathOption,
    misclassified: PathOption,
    classes: PathOption,
    confusion_matrix: PathOption,
    calibration: PathOption,
) -> None:
    """Classify the test images of ``arrays``, and write the metrics and tables."""
    parameters = read_params(params)
    dataset, recipe = parameters.chosen_dataset, parameters.chosen_recipe
    images = artifacts.read_array(arrays / "test_images.npy")
    labels = artifacts.read_array(arrays / "test_labels.npy")
    artifacts.read(history, read_history)
    validated = artifacts.read_table(history)

    prepare(parameters.machine.device, parameters.machine.threads)
    classifier = Classifier(
        recipe.network,
        artifacts.read_tensors(standardization),
        len(dataset.classes),
        recipe.seed,
    )
    classifier.weights = artifacts.read_tensors(weights)
    table = measures.prediction_table(classifier.probabilities(images), labels)

    artifacts.write_table(predictions, table)
    artifacts.write_table(misclassified, measures.misclassified(table, dataset.classes))
    artifacts.write_table(classes, measures.per_class(table, dataset.classes))
    artifacts.write_table(confusion_matrix, measures.confusion_matrix(table, dataset.classes))
    artifacts.write_table(calibration, bins(table))
    artifacts.write_json(metrics, measures.summary(table, validated, weights.read_bytes()))
