"""Train the model, predict with it, and keep the history of its training."""

import math
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from stages.model.batches import Examples
from stages.model.device import devices, strategy
from stages.model.network import Network
from stages.model.training import Trainer
from stages.model.variables import assign, values
from stages.model.views import views
from stages.params.machine import Machine
from stages.params.recipe import NetworkParams, Training
from stages.shared.artifacts import Array

# Pixels to classify at once: enough to keep the processor busy, with little memory.
_PIXELS_TOGETHER = 1000 * 28 * 28
_HISTORY = ("epoch", "loss", "accuracy")


class Timing(NamedTuple):
    """How long a training took on this machine."""

    epochs: int
    """Epochs trained in this process: fewer than the recipe's if it continued a training."""
    seconds: float
    """Duration of the epochs, including validation."""
    images_per_second: float


class Classifier:
    """A network that accepts raw images and standardizes them with the training set's numbers.

    Args:
        network: the recipe's architecture.
        standardization: ``mean`` (height, width) and ``standard_deviation`` (1,), float32.
        classes: the number of classes.
        seed: of the recipe; determines the initial weights and all randomness in training.

    Raises:
        NetworkError: the network does not fit images of this size.
    """

    def __init__(
        self, network: NetworkParams, standardization: dict[str, Array], classes: int, seed: int
    ) -> None:
        self.settings: dict[str, Any] = {
            "network": network.model_dump(),
            "classes": classes,
            "seed": seed,
        }
        self.numbers = standardization
        self._mean = tf.constant(standardization["mean"])
        self._standard_deviation = tf.constant(standardization["standard_deviation"])
        height, width = standardization["mean"].shape
        self.strategy = strategy()
        with self.strategy.scope():
            self.network = Network(network, height, width, classes, seed)
        self._seed, self._views = seed, network.views
        self._optimizer: dict[str, Array] = {}
        self._epochs: list[dict[str, float]] = []

    @property
    def history(self) -> pd.DataFrame:
        """A row for each trained epoch.

        Columns: ``epoch``, from 1; ``loss``, the mean over the epoch's batches of their mean
        cross-entropy with the recipe's smoothed labels, in nats; and, with a validation set,
        ``accuracy`` on it after the epoch.
        """
        return pd.DataFrame(self._epochs)

    @property
    def weights(self) -> dict[str, Array]:
        """Every weight and running statistic by name, float32."""
        return values(self.network.saved)

    @weights.setter
    def weights(self, state: dict[str, Array]) -> None:
        assign(self.network.saved, state)

    @property
    def state(self) -> dict[str, Array]:
        """Everything that training continues from: weights, optimizer state and history."""
        history = {f"history.{name}": column.to_numpy() for name, column in self.history.items()}
        return self.weights | self._optimizer | history

    @state.setter
    def state(self, state: dict[str, Array]) -> None:
        def part(prefix: str) -> dict[str, Array]:
            return {name: array for name, array in state.items() if name.startswith(prefix)}

        self._optimizer, history = part("optimizer."), part("history.")
        self.weights = {
            name: array for name, array in state.items() if name not in self._optimizer | history
        }
        columns = [name for name in _HISTORY if f"history.{name}" in history]
        rows = zip(*(history[f"history.{name}"].tolist() for name in columns), strict=True)
        self._epochs = [dict(zip(columns, row, strict=True)) for row in rows]

    def train(
        self,
        training: Training,
        machine: Machine,
        examples: Examples,
        validation: Examples | None = None,
        after_epoch: Callable[[], object] = lambda: None,
    ) -> Timing:
        """Fit the network, with a progress bar and a line for each epoch on standard error.

        Continue exactly from the end of an earlier training or from an assigned ``state``.

        Args:
            training: the recipe's hyperparameters; ``epochs`` includes those already trained.
            machine: how this machine trains.
            examples: the images to fit.
            validation: other images, for the accuracy after each epoch.
            after_epoch: called after an epoch is in the history and the weights.

        Returns:
            How long the training took.

        Raises:
            TrainingError: the loss is not finite, memory is insufficient, or there are more devices
                than images in a batch.
        """
        trainer = Trainer(
            self.network,
            training,
            machine,
            self.standardize,
            examples,
            self._seed,
            self.strategy,
        )
        if self._optimizer:
            assign(trainer.state, self._optimizer)
        begin, first = time.perf_counter(), len(self._epochs)
        with tqdm(
            range(first, training.epochs),
            initial=first,
            total=training.epochs,
            unit="epoch",
            disable=None,
        ) as epochs:
            for epoch in epochs:
                row = {"epoch": epoch + 1, "loss": trainer.run_epoch(epoch)}
                if validation is not None:
                    row["accuracy"] = self._accuracy(validation)
                self._epochs.append(row)
                self._optimizer = values(trainer.state)
                figures = {name: f"{row[name]:.4f}" for name in row if name != "epoch"}
                epochs.set_postfix(figures)
                said = ", ".join(f"{name} {figure}" for name, figure in figures.items())
                tqdm.write(f"epoch {epoch + 1}/{training.epochs}: {said}", file=sys.stderr)
                after_epoch()
        seconds = time.perf_counter() - begin
        count = len(self._epochs) - first
        timing = Timing(count, round(seconds, 1), round(len(examples.chosen) * count / seconds, 1))
        said = (
            f"trained {timing.epochs} epochs in {timing.seconds} s, "
            f"{timing.images_per_second} images a second, on {', '.join(devices())}"
        )
        tqdm.write(said, file=sys.stderr)
        return timing

    @property
    def graph(self) -> tf.Graph:
        """The graph that computes probabilities from raw images."""
        images = tf.TensorSpec((None, *self._mean.shape), tf.float32)
        graph: tf.Graph = self.answer.get_concrete_function(images).graph
        return graph

    def probabilities(self, images: Array, rows: Array | None = None) -> Array:
        """Compute the probability of each class.

        Args:
            images: ``(n, height, width)``, raw, of any real dtype; may be memory-mapped.
            rows: ``(m,)`` integers: the chosen images among the ``n``; None means all.

        Returns:
            ``(m, classes)`` float32; each row sums to 1.
        """
        rows = np.arange(len(images)) if rows is None else rows
        if not len(rows):
            # On some processors, TensorFlow's convolutions return the wrong shape for zero images.
            return np.empty((0, self.settings["classes"]), np.float32)
        together = max(1, _PIXELS_TOGETHER // math.prod(images.shape[1:]))
        return np.concatenate(
            [
                self.answer(tf.constant(images[rows[start : start + together]])).numpy()
                for start in range(0, len(rows), together)
            ]
        )

    def labels(self, images: Array) -> Array:
        """Return the most probable class of each image: ``(n,)`` int64; images as above."""
        labels: Array = self.probabilities(images).argmax(axis=1)
        return labels

    @tf.function(reduce_retracing=True)
    def answer(self, images: tf.Tensor) -> tf.Tensor:
        """Compute ``probabilities`` of a tensor, in a graph."""
        looks = views(tf.cast(images, tf.float32), self._views)
        answers = [tf.nn.softmax(self.network(self.standardize(look))) for look in looks]
        return tf.add_n(answers) / len(answers)

    def standardize(self, images: tf.Tensor) -> tf.Tensor:
        """Map raw images, ``(n, height, width)`` float32, to the input of the network."""
        return (images - self._mean) / self._standard_deviation

    def _accuracy(self, examples: Examples) -> float:
        answers = self.probabilities(examples.images, examples.chosen).argmax(axis=1)
        return float((answers == examples.labels[examples.chosen]).mean())
