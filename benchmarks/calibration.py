"""Measure what a temperature changes in the test answers of ``fast``, over new seeds.

For each seed, a temperature is fitted to a network that leaves out the validation images, and used
by one trained on all images, as the stages ``train`` and ``retrain`` do. Two train at a time. Needs
``data/arrays`` of MNIST: run ``make repro`` first.
"""

import multiprocessing
import statistics
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pandas as pd

from benchmarks.recipes import PARAMETERS, SEEDS, array, begin
from benchmarks.results import record
from stages.dataset.splitting import split
from stages.model.classifier import CALIBRATION, TEMPERATURE, Classifier
from stages.report import ACCURACY_WANTED
from stages.results.metrics import prediction_table, summary
from stages.shared.artifacts import Array
from stages.shared.coverage import coverage
from stages.training.batches import Examples
from stages.training.calibration import calibrate
from stages.training.loop import TrainingLoop

RECIPE = "fast"


def main() -> None:
    """Measure, print and save the figures."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, max_tasks_per_child=1) as processes:
        seeds = list(processes.map(measure, SEEDS[RECIPE]))
    means = {name: round(statistics.mean(seed[name] for seed in seeds), 6) for name in seeds[0]}
    for name, mean in means.items():
        print(f"{name:24} {mean:.6f}", [seed[name] for seed in seeds])
    recipe = PARAMETERS.recipes[RECIPE].model_dump(mode="json")
    record("calibration", {"means": means, "seeds": seeds, "recipe": recipe})


def measure(seed: int) -> dict[str, float]:
    """Train and calibrate with a seed, and return the figures before and after."""
    images, labels = array("train_images"), array("train_labels")
    recipe = PARAMETERS.recipes[RECIPE]
    indices = split(labels, recipe.split.strategy, recipe.split.validation_images, seed)
    fit, validation = (Examples(images, labels, indices[name]) for name in ("fit", "validation"))
    validated = trained(seed, fit)
    calibrate(validated, validation, None)
    classifier = trained(seed, Examples(images, labels))
    measured = {name: validated.weights[name] for name in CALIBRATION}
    classifier.weights |= measured

    answers = classifier.probabilities(array("test_images"))
    before = figures(classifier.uncalibrated(answers))
    after = figures(answers)
    return {
        "temperature": round(float(measured[TEMPERATURE]), 4),
        "accuracy": after["accuracy"],
        "loss_before": before["loss"],
        "loss": after["loss"],
        "calibration_error_before": before["calibration_error"],
        "calibration_error": after["calibration_error"],
        "coverage": after["coverage"],
    }


def trained(seed: int, examples: Examples) -> Classifier:
    """Return a network that was trained on these images."""
    classifier, _ = begin(RECIPE, seed)
    training = PARAMETERS.recipes[RECIPE].training
    TrainingLoop(classifier, training, PARAMETERS.machine, examples).run()
    return classifier


def figures(probabilities: Array) -> dict[str, Any]:
    """Return the figures of answers to the test images, and the share that is 99.9 % right."""
    table = prediction_table(probabilities, array("test_labels"))
    right = table["predicted"] == table["label"]
    share, _ = coverage(table["confidence"].to_numpy(), right.to_numpy(), ACCURACY_WANTED)
    test: dict[str, Any] = summary(table, pd.DataFrame({"accuracy": [0.0]}), b"")["test"]
    return test | {"coverage": share}


if __name__ == "__main__":
    main()
