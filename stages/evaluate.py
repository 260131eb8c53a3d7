"""Stage ``evaluate``: measure the retrained network on the test images, once."""

import numpy as np

from stages.model.device import prepare
from stages.model.loading import load_classifier
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.results import files, metrics
from stages.results.calibration import calibration
from stages.results.reading import read_history
from stages.shared import artifacts
from stages.shared.blocks import blocks
from stages.shared.command import PathOption
from stages.shared.parameters import ClassNames, Parameters


def main(
    params: PathOption,
    arrays: PathOption,
    standardization: PathOption,
    weights: PathOption,
    reports: PathOption,
) -> None:
    """Classify the test images of ``arrays``, and write the metrics and tables to ``reports``.

    The history of ``train`` is there already.
    """
    parameters = Parameters(params)
    names = parameters.chosen("dataset", ClassNames).classes
    network = parameters.chosen("recipe", NetworkParams, "network")
    machine = parameters.section(Machine, "machine")
    images = artifacts.read_array(arrays / "test_images.npy")
    labels = artifacts.read_array(arrays / "test_labels.npy")
    numbers = artifacts.read_tensors(standardization)
    artifacts.read(reports / files.HISTORY, read_history)
    history = artifacts.read_table(reports / files.HISTORY)

    prepare(machine.device, machine.threads)
    classifier = load_classifier(network, numbers, len(names), weights)
    probabilities = classifier.probabilities(images)
    table = metrics.prediction_table(probabilities, labels)
    confidences = [
        classifier.uncalibrated(probabilities[block]).max(axis=1) for block in blocks(probabilities)
    ]
    before = table.assign(confidence=np.concatenate(confidences))

    for name, content in {
        files.PREDICTIONS: table,
        files.MISCLASSIFIED: metrics.misclassified(table, names),
        files.CLASSES: metrics.per_class(table, names),
        files.CONFUSION_MATRIX: metrics.confusion_matrix(table, names),
        files.CALIBRATION: calibration(table),
        files.UNCALIBRATED: calibration(before),
    }.items():
        artifacts.write_table(reports / name, content)
    summary = metrics.summary(table, history, weights.read_bytes())
    artifacts.write_json(reports / files.METRICS, summary)
