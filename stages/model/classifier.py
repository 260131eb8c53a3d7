"""Predict the class of images."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from stages.model.device import strategy
from stages.model.network import Network
from stages.model.preprocessing import Preprocessing
from stages.model.temperature import corrected, raised
from stages.model.variables import assign, values
from stages.model.views import views
from stages.params.network import NetworkParams
from stages.shared.artifacts import Array
from stages.shared.doubt import Doubt

# Pixels to classify at once: enough to keep the processor busy, with little memory.
_PIXELS_TOGETHER = 1000 * 28 * 28

TEMPERATURE, SURE_FROM, DIGIT_FROM = "temperature", "sure_from", "digit_from"
CALIBRATION = (TEMPERATURE, SURE_FROM, DIGIT_FROM)
"""The names of the calibration's numbers among the weights; each is ``()`` float32."""


def settings(network: NetworkParams, classes: int, seed: int) -> dict[str, Any]:
    """Return what makes a classifier, besides its standardization; its weights are saved with it.

    Args:
        network: the recipe's architecture.
        classes: the number of classes.
        seed: of the recipe; determines the initial weights.
    """
    return {"network": network.model_dump(), "classes": classes, "seed": seed}


class Classifier:
    """A network that accepts raw images and standardizes them with the training set's numbers.

    Args:
        network: the recipe's architecture.
        standardization: the numbers for ``Preprocessing``.
        classes: the number of classes.
        seed: of the recipe; determines the initial weights.

    Raises:
        NetworkError: the network does not fit images of this size.
    """

    def __init__(
        self, network: NetworkParams, standardization: dict[str, Array], classes: int, seed: int
    ) -> None:
        self.settings = settings(network, classes, seed)
        self.seed = seed
        self.standardization = standardization
        self.preprocessing = Preprocessing(standardization)
        self._image_shape = standardization["mean"].shape
        self.strategy = strategy()
        with self.strategy.scope():
            self.network = Network(network, self._image_shape, classes, seed)
            calibration = CALIBRATION if network.calibration == "temperature" else ()
            self._calibration = {
                name: tf.Variable(tf.constant(start), trainable=False, name=name)
                for name, start in zip(calibration, (1.0, 0.0, 0.0), strict=False)
            }
        self.temperature = self._calibration.get(TEMPERATURE)
        self._views = network.views

    @property
    def weights(self) -> dict[str, Array]:
        """Every weight and running statistic by name, and the calibration if any; float32."""
        return values(self._saved)

    @weights.setter
    def weights(self, state: dict[str, Array]) -> None:
        assign(self._saved, state)

    @property
    def _saved(self) -> list[tf.Variable]:
        return [*self.network.saved, *self._calibration.values()]

    @property
    def doubt(self) -> Doubt | None:
        """The confidence that answers need; None if the recipe has no calibration."""
        if not self._calibration:
            return None
        measured = {
            name: float(self._calibration[name].numpy()) for name in (SURE_FROM, DIGIT_FROM)
        }
        return Doubt(**measured)

    @property
    def graph(self) -> tf.Graph:
        """The graph that computes probabilities from raw images."""
        images = tf.TensorSpec((None, *self._image_shape), tf.float32)
        graph: tf.Graph = self.answer.get_concrete_function(images).graph
        return graph

    def probabilities(self, images: Array, rows: Array | None = None) -> Array:
        """Compute the probability of each class.

        Args:
            images: ``(n, height, width)``, or ``(n, height, width, 3)`` if it was trained on
                colours; raw, of any real dtype; may be memory-mapped.
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

    def uncalibrated(self, probabilities: Array) -> Array:
        """Return what ``probabilities`` would be without the temperature, in the same shape."""
        if self.temperature is None:
            return probabilities
        return raised(probabilities, float(self.temperature.numpy()))

    def labels(self, images: Array) -> Array:
        """Return the most probable class of each image: ``(n,)`` int64; images as above."""
        labels: Array = self.probabilities(images).argmax(axis=1)
        return labels

    @tf.function(reduce_retracing=True, autograph=False)
    def answer(self, images: tf.Tensor) -> tf.Tensor:
        """Compute ``probabilities`` of a tensor, in a graph."""
        looks = views(self.preprocessing.ink(images), self._views)
        answers = [
            tf.nn.softmax(self.network(self.preprocessing.standardize(look))) for look in looks
        ]
        mean = tf.add_n(answers) / len(answers)
        return mean if self.temperature is None else corrected(mean, self.temperature)
