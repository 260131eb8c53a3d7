"""Compute maximum pooling with a gradient that XLA can compute deterministically."""

from functools import reduce
from typing import cast

import tensorflow as tf

from stages.params.network import Padding, output_size


def max_pool_by_slices(images: tf.Tensor, window: int, stride: int, padding: Padding) -> tf.Tensor:
    """Compute the same as ``tf.nn.max_pool2d``, whose deterministic gradient XLA refuses.

    Args:
        images: ``(n, height, width, channels)`` floats.
        window: rows and columns over which a maximum is taken.
        stride: from one window to the next.
        padding: VALID: only whole windows; SAME: also those that extend beyond the edge.

    Returns:
        ``(n, height, width, channels)``, with a row and a column for each window.
    """
    height, width = cast("list[int]", images.shape[1:3].as_list())
    rows = output_size(height, window, stride, padding)
    columns = output_size(width, window, stride, padding)
    # How far the last window extends beyond the edge; like TensorFlow, pad an odd one at the end.
    down, right = (
        max((count - 1) * stride + window - size, 0)
        for count, size in ((rows, height), (columns, width))
    )
    padded = tf.pad(
        images,
        [[0, 0], [down // 2, down - down // 2], [right // 2, right - right // 2], [0, 0]],
        constant_values=images.dtype.min,
    )
    shifted = [
        padded[
            :,
            row : row + (rows - 1) * stride + 1 : stride,
            column : column + (columns - 1) * stride + 1 : stride,
        ]
        for row in range(window)
        for column in range(window)
    ]
    return reduce(tf.maximum, shifted)
