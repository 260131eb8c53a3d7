"""Read images at positions between their pixels."""

from typing import cast

import numpy as np
import tensorflow as tf

from stages.params.training import Interpolation
from stages.shared.artifacts import Array


def sample(
    images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor, interpolation: Interpolation
) -> tf.Tensor:
    """Read images at the given positions.

    Args:
        images: ``(n, height, width)`` float32, 0 = background.
        rows: ``(n, height, width)`` float32, where each pixel of the result is read.
        columns: as ``rows``.
        interpolation: ``bicubic`` computes pixels half-way between those of the images, then reads
            bilinearly between all of them.

    Returns:
        ``(n, height, width)`` float32, from 0 to the image's largest value; outside of the images
        everything is 0.
    """
    if interpolation == "bicubic":
        images, rows, columns = magnify(images), 2 * rows, 2 * columns
    return _bilinear(images, rows, columns)


def magnify(images: tf.Tensor) -> tf.Tensor:
    """Insert a row between every two rows and a column between every two columns.

    Args:
        images: ``(n, height, width)`` float32, 0 = background.

    Returns:
        ``(n, 2 height - 1, 2 width - 1)`` float32, from 0 to the image's largest value.
    """
    height, width = cast("list[int]", images.shape[1:].as_list())
    magnified = tf.einsum("hi,nij,wj->nhw", _halves(height), images, _halves(width))
    largest = tf.reduce_max(images, axis=(1, 2), keepdims=True)
    return tf.clip_by_value(magnified, 0.0, largest)


def _halves(size: int) -> Array:
    """Return the weights of an axis's pixels at each pixel and half-way between every two.

    Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981), equation 15: the
    weights half-way are -1/16, 9/16, 9/16, -1/16; outside of the image everything is 0.

    Returns:
        ``(2 size - 1, size)`` float32.
    """
    pixels = np.eye(size, dtype=np.float32)
    far = np.pad(pixels, ((1, 1), (0, 0)))
    weights = np.empty((2 * size - 1, size), np.float32)
    weights[::2] = pixels
    weights[1::2] = (9 * (pixels[:-1] + pixels[1:]) - (far[:-3] + far[3:])) / 16
    return weights


def _bilinear(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    height, width = cast("list[int]", images.shape[1:].as_list())
    # Concatenate all images: gathering from a single axis is faster than from one per image.
    padded = tf.reshape(tf.pad(images, [[0, 0], [1, 2], [1, 2]]), (-1,))
    starts = tf.range(tf.shape(images)[0]) * (height + 3) * (width + 3)
    rows = tf.clip_by_value(rows + 1, 0, height + 1)
    columns = tf.clip_by_value(columns + 1, 0, width + 1)
    top, left = tf.floor(rows), tf.floor(columns)
    corner = tf.cast(top * (width + 3) + left, tf.int32) + starts[:, tf.newaxis, tf.newaxis]

    def pixel(offset: int) -> tf.Tensor:
        values: tf.Tensor = tf.gather(padded, corner + offset)
        return values

    down, across = rows - top, columns - left
    upper = pixel(0) * (1 - across) + pixel(1) * across
    lower = pixel(width + 3) * (1 - across) + pixel(width + 4) * across
    result: tf.Tensor = upper * (1 - down) + lower * down
    return result
