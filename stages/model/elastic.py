"""Random elastic distortion of training images, in the graph."""

from typing import cast

import numpy as np
import tensorflow as tf
from scipy.interpolate import BSpline

from stages.artifacts import Array

# Pixels between the points that are displaced, about the length of a digit's bends.
_SPACING = 7
_DEGREE = 3


def bend(images: tf.Tensor, largest: float, seed: tf.Tensor) -> tf.Tensor:
    """Displace every pixel by a smooth random field of its image's own.

    The idea of Simard and others, "Best Practices for Convolutional Neural Networks Applied to
    Visual Document Analysis" (2003), section 2, with the field of Rueckert and others, "Nonrigid
    Registration Using Free-Form Deformations" (1999), equation 2: cubic B-splines between random
    displacements of a grid of points.

    Args:
        images: ``(n, height, width)`` float32, 0 = background.
        largest: displacement along each axis, in pixels; 0 leaves the images as they are.
        seed: ``(2,)`` int64, determines the displacements.

    Returns:
        ``(n, height, width)`` float32, interpolated bilinearly; what comes from outside is 0.
    """
    if not largest:
        return images
    height, width = cast("list[int]", images.shape[1:].as_list())
    down, across = spline_basis(height), spline_basis(width)
    shape = tf.stack([2, tf.shape(images)[0], down.shape[1], across.shape[1]])
    points = tf.random.stateless_uniform(shape, seed, -largest, largest)
    rows, columns = tf.unstack(tf.einsum("hi,dnij,wj->dnhw", down, points, across))
    return sample(
        images,
        rows + tf.range(height, dtype=tf.float32)[:, tf.newaxis],
        columns + tf.range(width, dtype=tf.float32),
    )


def sample(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Read images between their pixels, bilinearly.

    Args:
        images: ``(n, height, width)`` float32.
        rows: ``(n, height, width)`` float32, where each pixel of the result is read.
        columns: as ``rows``.

    Returns:
        ``(n, height, width)`` float32; outside of the images everything is 0.
    """
    height, width = cast("list[int]", images.shape[1:].as_list())
    padded = tf.reshape(tf.pad(images, [[0, 0], [1, 2], [1, 2]]), (-1, (height + 3) * (width + 3)))
    rows = tf.clip_by_value(rows + 1, 0, height + 1)
    columns = tf.clip_by_value(columns + 1, 0, width + 1)
    top, left = tf.floor(rows), tf.floor(columns)
    corner = tf.cast(top * (width + 3) + left, tf.int32)

    def pixel(offset: int) -> tf.Tensor:
        places = tf.reshape(corner + offset, (-1, height * width))
        return tf.reshape(tf.gather(padded, places, batch_dims=1), (-1, height, width))

    down, across = rows - top, columns - left
    upper = pixel(0) * (1 - across) + pixel(1) * across
    lower = pixel(width + 3) * (1 - across) + pixel(width + 4) * across
    result: tf.Tensor = upper * (1 - down) + lower * down
    return result


def spline_basis(size: int) -> Array:
    """Weigh the grid's points at each pixel along an axis.

    Returns:
        ``(size, points)`` float32; each row is not negative and sums to 1.
    """
    intervals = max(-(-(size - 1) // _SPACING), 1)
    knots = np.arange(-_DEGREE, intervals + _DEGREE + 1)
    places = np.arange(size) / _SPACING
    basis: Array = BSpline.design_matrix(places, knots, _DEGREE).toarray().astype(np.float32)
    return basis
