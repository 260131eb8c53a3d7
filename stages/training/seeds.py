"""Derive every random number of a training from the recipe's seed."""

from enum import IntEnum

import tensorflow as tf


class Stream(IntEnum):
    """The uses of random numbers, each with its own seeds; the initial weights use 0."""

    SHUFFLE = 1
    DROPOUT = 2
    AFFINE = 3
    ELASTIC = 4


def seeds(seed: int, stream: Stream, counter: tf.Tensor, index: tf.Tensor | int = 0) -> tf.Tensor:
    """Return a seed for TensorFlow's stateless operations.

    Args:
        seed: of the recipe.
        stream: what the numbers are for.
        counter: ``()`` integer, the number of the epoch or step.
        index: of the device.

    Returns:
        ``(2,)`` int64, unique for each stream, device and epoch or step.
    """
    first = seed + (int(stream) << 32) + tf.cast(index, tf.int64) * (1 << 40)
    return tf.stack([first, tf.cast(counter, tf.int64)])
