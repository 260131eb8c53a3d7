"""Add drawings to the training images that belong to no class, so that a network learns to doubt.

Hendrycks, Mazeika and Dietterich, "Deep Anomaly Detection with Outlier Exposure" (2019).
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from stages.model.preprocessing import Preprocessing
from stages.model.share import Share
from stages.shared.artifacts import Array
from stages.shared.blocks import blocks
from stages.training.batches import Examples
from stages.training.drawings import drawings
from stages.training.seeds import Stream

NO_CLASS = -1
"""The label of an image that belongs to no class."""

# Drawings that a training uses, one after the other; each is distorted anew every time.
_DIFFERENT = 2000


class Outliers:
    """Adds drawings to batches.

    Args:
        rate: how many there are for each image of a batch, from 0 to 1.
        examples: the images of the training, of which there is at least one.
        preprocessing: of the images.
        seed: of the recipe.
    """

    def __init__(
        self, rate: float, examples: Examples, preprocessing: Preprocessing, seed: int
    ) -> None:
        self._rate = rate
        if rate:
            random = np.random.default_rng((seed, Stream.OUTLIERS))
            self._drawings = in_shape(drawings(_DIFFERENT, random), examples.images.shape[1:])
            self._strongest = _strongest_ink(examples, preprocessing)

    def added(
        self, images: tf.Tensor, labels: tf.Tensor, share: Share, step: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, Share]:
        """Add drawings to a device's share of a batch.

        Args:
            images: ``(n, height, width)`` or ``(n, height, width, 3)`` float32, 0 = background.
            labels: ``(n,)`` int32.
            share: which images of the batch they are.
            step: ``()`` int32, determines which drawings are added.

        Returns:
            The images with the drawings after them, in the strongest ink of all examples; their
            labels, which are ``NO_CLASS`` for the drawings; and the share of the larger batch.
        """
        if not self._rate:
            return images, labels, share
        count = tf.cast(tf.round(self._rate * tf.cast(share.total, tf.float32)), tf.int32)
        numbers = tf.math.floormod(step * count + tf.range(count), _DIFFERENT)
        chosen = share.following(count).of(numbers)
        ink = tf.cast(tf.gather(self._drawings, chosen), tf.float32) * (self._strongest / 255)
        return (
            tf.concat([images, ink], axis=0),
            tf.concat([labels, tf.fill(tf.shape(chosen), NO_CLASS)], axis=0),
            share._replace(total=share.total + count),
        )


def in_shape(images: Array, image_shape: Sequence[int]) -> tf.Tensor:
    """Scale drawings into the shape of a data set's images, and keep their proportions.

    Args:
        images: ``(n, height, width)`` uint8, 0 = background.
        image_shape: height and width, and 3 for colours; all channels become the same.

    Returns:
        ``(n, *image_shape)`` uint8.
    """
    height, width, *colours = image_shape
    scaled = tf.image.resize_with_pad(images[..., np.newaxis], height, width)
    pixels = tf.cast(tf.round(scaled), tf.uint8)
    shaped: tf.Tensor = tf.repeat(pixels, 3, axis=-1) if colours else tf.squeeze(pixels, -1)
    return shaped


def _strongest_ink(examples: Examples, preprocessing: Preprocessing) -> float:
    images, chosen = examples.images, examples.chosen
    inks = (
        preprocessing.ink(tf.constant(images[chosen[block]]))
        for block in blocks(images, len(chosen))
    )
    return max(float(tf.reduce_max(ink)) for ink in inks)
