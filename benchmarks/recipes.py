"""Measure each recipe's test accuracy over seeds of its own, and its time against ``tutorial``'s.

Every seed trains on all 60,000 images, as the stage ``retrain`` does, in a process of its own, and
is tested once. Two epochs of ``tutorial`` are timed before each run, so that both see the same
machine; the second stands for the other 28, since only the first has the graph to make. Needs
``data/arrays`` of MNIST: ``make repro`` first.
"""

import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import record
from stages import artifacts
from stages.dataset.standardization import measure
from stages.model.batches import Examples
from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.params import read_params
from stages.sections.recipe import Recipe

# Seeds that no choice was made with.
SEEDS = {"accurate": range(101, 104), "tutorial": range(101, 102), "fast": range(101, 106)}
ARRAYS = Path("data/arrays")
PARAMETERS = read_params(Path("params.yaml"))


def run(recipe: Recipe, seed: int) -> tuple[list[float], float]:
    """Train and test; give the seconds of each epoch and the test accuracy."""
    prepare(PARAMETERS.train.device, PARAMETERS.train.threads)
    images, labels, test_images, test_labels = (
        np.array(artifacts.read_array(ARRAYS / f"{name}.npy"))
        for name in ("train_images", "train_labels", "test_images", "test_labels")
    )
    classes = len(PARAMETERS.chosen_dataset.classes)
    classifier = Classifier(recipe.network, measure(images), classes, seed)
    ends = [time.perf_counter()]
    classifier.train(
        recipe.training,
        PARAMETERS.train,
        Examples(images, labels),
        after_epoch=lambda: ends.append(time.perf_counter()),
    )
    right = classifier.labels(test_images) == test_labels
    return np.diff(ends).tolist(), float(right.mean())


def main() -> None:
    """Train, test and print, and keep what there is after each recipe."""
    recipes = PARAMETERS.recipes
    tutorial = recipes["tutorial"]
    two_epochs = tutorial.model_copy(
        update={"training": tutorial.training.model_copy(update={"epochs": 2})}
    )
    figures: dict[str, Any] = {"dataset": PARAMETERS.dataset}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as processes:
        for name, seeds in SEEDS.items():
            ratios, accuracies = [], []
            for seed in seeds:
                (first, other), _ = processes.submit(run, two_epochs, seed).result()
                seconds, accuracy = processes.submit(run, recipes[name], seed).result()
                ratios.append(sum(seconds) / (first + other * (tutorial.training.epochs - 1)))
                accuracies.append(accuracy)
                print(name, seed, accuracy, round(ratios[-1], 3), flush=True)
            figures[name] = {
                "epochs": recipes[name].training.epochs,
                "seeds": len(seeds),
                "test_accuracy_mean": round(statistics.mean(accuracies), 5),
                "test_accuracy_min": min(accuracies),
                "test_accuracy_max": max(accuracies),
                "time_over_tutorial": round(statistics.median(ratios), 3),
                "recipe": recipes[name].model_dump(mode="json"),
            }
            record("recipes", figures)


if __name__ == "__main__":
    main()
