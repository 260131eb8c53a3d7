"""Measure recipes' test accuracy over new seeds, and their time relative to ``tutorial``.

Time: each recipe runs in its own process, and they take turns at an epoch, so that all see the same
machine. The first epoch, which builds the graph, counts once; a later one stands for all others.
Accuracy: every seed trains on all 60,000 images, as the stage ``retrain`` does, and is tested once;
two train at a time. Without names, all recipes are measured; with names, the figures of the others
stay. Needs ``data/arrays`` of MNIST: run ``make repro`` first.
"""

import itertools
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from tqdm import tqdm

from benchmarks.results import RESULTS, record
from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.params.file import read_params
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop
from stages.training.trainer import Trainer

# Seeds that were not used to choose the recipes.
SEEDS = {
    "quick": range(101, 106),
    "fast": range(101, 106),
    "accurate": range(101, 104),
    "tutorial": range(101, 106),
}
ROUNDS = 5
ARRAYS = Path("data/arrays")
PARAMETERS = read_params(Path("params.yaml"))


def main(names: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Measure, print and save the figures."""
    ratios = times_over_tutorial()
    context = multiprocessing.get_context("spawn")
    earlier = artifacts.read_json(RESULTS / "recipes.json") if names else {}
    figures: dict[str, Any] = {
        "dataset": PARAMETERS.dataset,
        "rounds": ROUNDS,
        **{name: earlier[name] for name in SEEDS if name in earlier},
    }
    with ProcessPoolExecutor(2, mp_context=context, max_tasks_per_child=1) as processes:
        # The longest first, so that none runs alone at the end.
        longest = sorted(names or SEEDS, key=lambda name: -ratios[name])
        tested = {
            name: [processes.submit(test_accuracy, name, seed) for seed in SEEDS[name]]
            for name in longest
        }
        for name in longest:
            accuracies = [accuracy.result() for accuracy in tested[name]]
            recipe = PARAMETERS.recipes[name]
            figures[name] = {
                "epochs": recipe.training.epochs,
                "seeds": len(accuracies),
                "test_accuracy_mean": round(statistics.mean(accuracies), 5),
                "test_accuracy_min": min(accuracies),
                "test_accuracy_max": max(accuracies),
                "time_over_tutorial": round(ratios[name], 3),
                "recipe": recipe.model_dump(mode="json"),
            }
            print(name, ratios[name], accuracies, flush=True)
            record("recipes", figures)


def times_over_tutorial() -> dict[str, float]:
    """Return each recipe's training time relative to ``tutorial``: the median of several rounds."""
    context = multiprocessing.get_context("spawn")
    ends = {}
    for name in SEEDS:
        ends[name], theirs = context.Pipe()
        context.Process(target=serve, args=(name, theirs), daemon=True).start()
        # Wait until it has finished everything that is not part of an epoch.
        ends[name].recv()
    seconds: dict[str, list[float]] = {name: [] for name in SEEDS}
    for _ in tqdm(range(1 + ROUNDS), unit="round"):
        for name, end in ends.items():
            end.send(True)
            seconds[name].append(end.recv())
    for end in ends.values():
        end.send(False)

    def training(name: str, turn: int) -> float:
        first, other = seconds[name][0], seconds[name][turn]
        return first + other * (PARAMETERS.recipes[name].training.epochs - 1)

    return {
        name: statistics.median(
            training(name, turn) / training("tutorial", turn) for turn in range(1, 1 + ROUNDS)
        )
        for name in SEEDS
    }


def serve(name: str, connection: Connection) -> None:
    """Train an epoch at each request from the other end, and send the seconds it took."""
    classifier, examples = begin(name, seed=1)
    recipe = PARAMETERS.recipes[name]
    trainer = Trainer(
        classifier.network,
        recipe.training,
        PARAMETERS.machine,
        classifier.preprocessing,
        examples,
        recipe.seed,
        classifier.strategy,
    )
    epochs = itertools.count()
    connection.send(True)
    while connection.recv():
        begun = time.perf_counter()
        trainer.run_epoch(next(epochs))
        connection.send(time.perf_counter() - begun)


def test_accuracy(name: str, seed: int) -> float:
    """Train a recipe with another seed, and return its accuracy on the test images."""
    classifier, examples = begin(name, seed)
    training = PARAMETERS.recipes[name].training
    TrainingLoop(classifier, training, PARAMETERS.machine, examples).run()
    right = classifier.labels(array("test_images")) == array("test_labels")
    return float(right.mean())


def begin(name: str, seed: int) -> tuple[Classifier, Examples]:
    """Return an untrained network and all training images."""
    prepare(PARAMETERS.machine.device, PARAMETERS.machine.threads)
    images, labels = array("train_images"), array("train_labels")
    classes = len(PARAMETERS.chosen_dataset.classes)
    recipe = PARAMETERS.recipes[name]
    return Classifier(recipe.network, measure(images), classes, seed), Examples(images, labels)


def array(name: str) -> Array:
    """Read an array into memory."""
    return np.array(artifacts.read_array(ARRAYS / f"{name}.npy"))


if __name__ == "__main__":
    typer.run(main)
