"""Train a classifier: run the epochs, and keep their history."""

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from stages.model.classifier import Classifier
from stages.model.device import devices
from stages.model.machines import copy_from_first, joined
from stages.model.variables import assign, values
from stages.params.machine import Machine
from stages.params.training import Training
from stages.shared import progress
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.trainer import Trainer

_HISTORY = ("epoch", "loss", "accuracy")


class Timing(NamedTuple):
    """How long a training took on this machine."""

    epochs: int
    """Epochs trained in this process: fewer than the recipe's if it continued a training."""
    seconds: float
    """Duration of the epochs, including validation."""
    images_per_second: float


class TrainingLoop:
    """Trains a classifier, from its start or from a saved ``state``.

    Args:
        classifier: whose weights change.
        training: the recipe's hyperparameters; ``epochs`` includes those already trained.
        machine: how this machine trains.
        examples: the images to fit.
        validation: other images, for the accuracy after each epoch.

    Raises:
        TrainingError: memory is insufficient, or there are more devices than images in a batch.
    """

    def __init__(
        self,
        classifier: Classifier,
        training: Training,
        machine: Machine,
        examples: Examples,
        validation: Examples | None = None,
    ) -> None:
        self.classifier = classifier
        self._epochs = training.epochs
        self._images = len(examples.chosen)
        self._validation = validation
        self._trainer = Trainer(
            classifier.network,
            training,
            machine,
            classifier.preprocessing,
            examples,
            classifier.seed,
            classifier.strategy,
        )
        self._rows: list[dict[str, float]] = []

    @property
    def history(self) -> pd.DataFrame:
        """A row for each trained epoch.

        Columns: ``epoch``, from 1; ``loss``, the mean over the epoch's batches of their mean
        cross-entropy with the recipe's smoothed labels, in nats; and, with validation images,
        ``accuracy`` on them after the epoch.
        """
        return pd.DataFrame(self._rows)

    @property
    def state(self) -> dict[str, Array]:
        """Everything that training continues from: weights, optimizer state and history."""
        history = {f"history.{name}": column.to_numpy() for name, column in self.history.items()}
        return values(self._variables) | history

    @state.setter
    def state(self, state: dict[str, Array]) -> None:
        history = {name: array for name, array in state.items() if name.startswith("history.")}
        variables = {name: array for name, array in state.items() if name not in history}
        assign(self._variables, variables)
        columns = [name for name in _HISTORY if f"history.{name}" in history]
        rows = zip(*(history[f"history.{name}"].tolist() for name in columns), strict=True)
        self._rows = [dict(zip(columns, row, strict=True)) for row in rows]

    @property
    def _variables(self) -> list[tf.Variable]:
        return self.classifier.network.saved + self._trainer.state

    def follow_first(self) -> None:
        """Continue on every machine from the state of the first; on one machine nothing changes."""
        strategy = self.classifier.strategy
        if joined() is None:
            return
        with strategy.scope():
            trained = tf.Variable(tf.constant(len(self._rows)))
        variables = [trained, *self.classifier.network.saved, *self._trainer.state]
        copy_from_first(strategy, variables)
        # The figures of earlier epochs are of no use here.
        self._rows += [
            {"epoch": epoch + 1} for epoch in range(len(self._rows), int(trained.numpy()))
        ]

    def run(self, after_epoch: Callable[[], object] = lambda: None) -> Timing:
        """Train the epochs that are left, with a progress bar and a line for each.

        Args:
            after_epoch: called after an epoch is in the history and the weights.

        Returns:
            How long the training took.

        Raises:
            TrainingError: the loss is not finite, or memory is insufficient.
        """
        begin, first = time.perf_counter(), len(self._rows)
        with tqdm(
            range(first, self._epochs),
            initial=first,
            total=self._epochs,
            unit="epoch",
            disable=None,
        ) as epochs:
            for epoch in epochs:
                row = self._run_epoch(epoch)
                epochs.set_postfix(row)
                progress.report("epoch", epoch + 1, self._epochs, row)
                after_epoch()
        seconds = time.perf_counter() - begin
        count = len(self._rows) - first
        timing = Timing(count, round(seconds, 1), round(self._images * count / seconds, 1))
        line = (
            f"trained {timing.epochs} epochs in {timing.seconds} s, "
            f"{timing.images_per_second} images a second, on {', '.join(devices())}"
        )
        tqdm.write(line, file=sys.stderr)
        return timing

    def _run_epoch(self, epoch: int) -> dict[str, float]:
        """Train one epoch, add it to the history, and return its figures."""
        figures = {"loss": self._trainer.run_epoch(epoch)}
        if self._validation is not None:
            figures["accuracy"] = self._accuracy(self._validation)
        self._rows.append({"epoch": epoch + 1, **figures})
        return figures

    def _accuracy(self, examples: Examples) -> float:
        answers = self.classifier.probabilities(examples.images, examples.chosen).argmax(axis=1)
        return float((answers == examples.labels[examples.chosen]).mean())
