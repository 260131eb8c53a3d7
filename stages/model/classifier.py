"""The model as its users see it: train, predict, and the history of its training."""

import sys
import time

import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from stages.artifacts import Array
from stages.model.network import Network
from stages.model.training import Trainer
from stages.sections import NetworkParams, Training

# Images that are classified at once: enough to keep the processor busy.
_PREDICTED_TOGETHER = 1000


class Classifier:
    """A network that takes raw images, standardizing them by the training set's numbers.

    Args:
        network: the recipe's architecture.
        standardization: ``mean`` (height, width) and ``standard_deviation`` (1,), float32.
        classes: how many there are.
        seed: of the recipe; determines the first weights and all chance in training.

    Raises:
        NetworkError: the network does not fit images of this size.
    """

    def __init__(
        self, network: NetworkParams, standardization: dict[str, Array], classes: int, seed: int
    ) -> None:
        self._mean = tf.constant(standardization["mean"])
        self._standard_deviation = tf.constant(standardization["standard_deviation"])
        height, width = standardization["mean"].shape
        self._network = Network(network, height, width, classes, seed)
        self._seed = seed
        self._epochs: list[dict[str, float]] = []

    @property
    def history(self) -> pd.DataFrame:
        """A row for each epoch trained.

        Columns: ``epoch``, from 1; ``loss``, the mean over the epoch's batches of their mean
        cross-entropy, in nats; and with a validation set ``accuracy`` on it after the epoch.
        """
        return pd.DataFrame(self._epochs)

    @property
    def weights(self) -> dict[str, Array]:
        """Every weight by its name, float32."""
        return self._network.state()

    @weights.setter
    def weights(self, state: dict[str, Array]) -> None:
        self._network.restore(state)

    def train(
        self,
        training: Training,
        images: Array,
        labels: Array,
        validation: tuple[Array, Array] | None = None,
    ) -> None:
        """Fit the network, with a progress bar and a line for each epoch on standard error.

        Args:
            training: the recipe's hyperparameters.
            images: ``(n, height, width)``, raw, of any real dtype.
            labels: ``(n,)`` integers from 0 to ``classes - 1``.
            validation: images and labels that are not fitted, for the accuracy after each epoch.
        """
        trainer = Trainer(self._network, training, self._standardize, images, labels, self._seed)
        begin = time.perf_counter()
        with tqdm(range(training.epochs), unit="epoch", disable=None) as epochs:
            for epoch in epochs:
                loss = trainer.run_epoch(tf.constant(epoch))
                row = {"epoch": epoch + 1, "loss": float(loss)}
                if validation is not None:
                    row["accuracy"] = self._accuracy(*validation)
                self._epochs.append(row)
                figures = {name: f"{row[name]:.4f}" for name in row if name != "epoch"}
                epochs.set_postfix(figures)
                said = ", ".join(f"{name} {figure}" for name, figure in figures.items())
                tqdm.write(f"epoch {epoch + 1}/{training.epochs}: {said}", file=sys.stderr)
        seconds = time.perf_counter() - begin
        rate = len(images) * training.epochs / seconds
        said = f"trained {training.epochs} epochs in {seconds:.1f} s, {rate:.0f} images a second"
        tqdm.write(said, file=sys.stderr)

    def probabilities(self, images: Array) -> Array:
        """Compute the probability of each class.

        Args:
            images: ``(n, height, width)``, raw, of any real dtype.

        Returns:
            ``(n, classes)`` float32; each row sums to 1.
        """
        return np.concatenate(
            [
                self._probabilities(
                    tf.constant(images[start : start + _PREDICTED_TOGETHER])
                ).numpy()
                for start in range(0, len(images), _PREDICTED_TOGETHER)
            ]
        )

    def labels(self, images: Array) -> Array:
        """Name the most probable class of each image: ``(n,)`` int64; images as above."""
        labels: Array = self.probabilities(images).argmax(axis=1)
        return labels

    @tf.function(reduce_retracing=True)
    def _probabilities(self, images: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(self._network(self._standardize(tf.cast(images, tf.float32))))

    def _standardize(self, images: tf.Tensor) -> tf.Tensor:
        return (images - self._mean) / self._standard_deviation

    def _accuracy(self, images: Array, labels: Array) -> float:
        return float((self.labels(images) == labels).mean())
