"""Derive every random number of a training from the recipe's seed."""

from enum import IntEnum

import tensorflow as tf


class Stream(IntEnum):
    """The uses of random numbers, each with its own seeds; the initial weights use 0."""

    SHUFFLE = 1
    DROPOUT = 2
    AFFINE = 3
    ELASTIC = 4
    OUTLIERS = 5


def seeds(seed: int, stream: Stream, counter: tf.Tensor) -> tf.Tensor:
    """Return a seed for TensorFlow's stateless operations.

    Args:
        seed: of the recipe.
        stream: what the numbers are for.
        counter: ``()`` integer, the number of the epoch or step.

    Returns:
        ``(2,)`` int64, unique for each stream and epoch or step.
    """
    first = tf.constant(seed + (int(stream) << 32), tf.int64)
    return tf.stack([first, tf.cast(counter, tf.int64)])
