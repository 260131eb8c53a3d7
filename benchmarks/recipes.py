"""Measure each recipe's test accuracy over seeds of its own, and its time against ``tutorial``'s.

Every seed trains on all 60,000 images, as the stage ``retrain`` does, and is tested once. Two
epochs of ``tutorial`` are timed before each run, so that both see the same machine; the second
stands for the other 28, since only the first has the graph to make. Needs ``data/arrays``:
``make repro`` first.
"""

import statistics
import time
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
SEEDS = {"fast": range(101, 106), "accurate": range(101, 104), "tutorial": range(101, 102)}


def main() -> None:
    """Train, test and print, and keep what there is after each recipe."""
    parameters = read_params(Path("params.yaml"))
    dataset, recipes = parameters.chosen_dataset, parameters.recipes
    prepare(parameters.train.device, parameters.train.threads)
    arrays = {
        name: np.array(artifacts.read_array(Path("data/arrays") / f"{name}.npy"))
        for name in ("train_images", "train_labels", "test_images", "test_labels")
    }
    standardization = measure(arrays["train_images"])
    tutorial = recipes["tutorial"]
    two_epochs = tutorial.model_copy(
        update={"training": tutorial.training.model_copy(update={"epochs": 2})}
    )

    def run(recipe: Recipe, seed: int) -> tuple[list[float], float]:
        """Train and test; give the seconds of each epoch and the test accuracy."""
        classifier = Classifier(recipe.network, standardization, len(dataset.classes), seed)
        ends = [time.perf_counter()]
        classifier.train(
            recipe.training,
            parameters.train,
            Examples(arrays["train_images"], arrays["train_labels"]),
            after_epoch=lambda: ends.append(time.perf_counter()),
        )
        right = classifier.labels(arrays["test_images"]) == arrays["test_labels"]
        return np.diff(ends).tolist(), float(right.mean())

    figures: dict[str, Any] = {"dataset": parameters.dataset}
    for name, seeds in SEEDS.items():
        ratios, accuracies = [], []
        for seed in seeds:
            (first, other), _ = run(two_epochs, seed)
            seconds, accuracy = run(recipes[name], seed)
            ratios.append(sum(seconds) / (first + other * (tutorial.training.epochs - 1)))
            accuracies.append(accuracy)
        figures[name] = {
            "epochs": recipes[name].training.epochs,
            "recipe": recipes[name].model_dump(mode="json"),
            "seeds": len(seeds),
            "test_accuracy_mean": round(statistics.mean(accuracies), 5),
            "test_accuracy_min": min(accuracies),
            "test_accuracy_max": max(accuracies),
            "time_over_tutorial": round(statistics.median(ratios), 3),
        }
        print(name, {key: value for key, value in figures[name].items() if key != "recipe"})
        record("recipes", figures)


if __name__ == "__main__":
    main()
