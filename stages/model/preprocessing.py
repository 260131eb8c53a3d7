"""Map raw images to the input of the network."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from stages.shared.artifacts import Array


class Preprocessing:
    """Maps raw images to the input of the network, in two steps.

    After the first, the background is 0 and ink is above 0, whatever the range of the pixels and
    whether ink is dark or light. So views and distortions fill with 0 for every data set.

    Args:
        standardization: ``mean`` in the shape of an image, ``standard_deviation`` (1,) and
            ``background`` (1,), float32, as ``stages.dataset.standardization`` measures them.
    """

    def __init__(self, standardization: Mapping[str, Array]) -> None:
        mean, background = standardization["mean"], standardization["background"]
        # The background is the smallest or the largest pixel, and so all ink is on one side of it.
        self._direction = np.float32(1 if mean.mean() >= background else -1)
        self._background = tf.constant(background)
        self._mean = tf.constant((mean - background) * self._direction)
        self._standard_deviation = tf.constant(standardization["standard_deviation"])

    def ink(self, images: tf.Tensor) -> tf.Tensor:
        """Return how far each pixel is from the background.

        Args:
            images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype.

        Returns:
            float32 in the shape of ``images``.
        """
        return (tf.cast(images, tf.float32) - self._background) * self._direction

    def standardize(self, ink: tf.Tensor) -> tf.Tensor:
        """Return the input of the network, in the shape of ``ink``."""
        return (ink - self._mean) / self._standard_deviation
