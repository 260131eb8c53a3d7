"""Draw random smooth displacements for the elastic distortion of training images."""

import numpy as np
import tensorflow as tf
from scipy.interpolate import BSpline

from stages.model.share import Share
from stages.shared.artifacts import Array

# Pixels between the points that are displaced; about the length of a digit's bends.
_SPACING = 7
_DEGREE = 3


def displacement(
    share: Share, height: int, width: int, largest: float, seed: tf.Tensor
) -> tf.Tensor:
    """Draw a smooth random field for each image.

    The idea is from Simard and others, "Best Practices for Convolutional Neural Networks Applied to
    Visual Document Analysis" (2003), section 2; the field is from Rueckert and others, "Nonrigid
    Registration Using Free-Form Deformations" (1999), equation 2: cubic B-splines between random
    displacements of a grid of points.

    Args:
        share: the images of a batch.
        height: of the images, in pixels.
        width: as ``height``.
        largest: displacement along each axis, in pixels.
        seed: ``(2,)`` int64, determines the field.

    Returns:
        ``(2, n, height, width)`` float32: pixels down, then pixels to the right.
    """
    down, across = spline_basis(height), spline_basis(width)
    shape = tf.stack([2, share.total, down.shape[1], across.shape[1]])
    points = tf.random.stateless_uniform(shape, seed, -largest, largest)
    field: tf.Tensor = tf.einsum("hi,dnij,wj->dnhw", down, share.of(points, axis=1), across)
    return field


def spline_basis(size: int) -> Array:
    """Return the weight of each grid point at each pixel along an axis.

    Returns:
        ``(size, points)`` float32; no weight is negative, and each row sums to 1.
    """
    intervals = max(-(-(size - 1) // _SPACING), 1)
    knots = np.arange(-_DEGREE, intervals + _DEGREE + 1)
    places = np.arange(size) / _SPACING
    basis: Array = BSpline.design_matrix(places, knots, _DEGREE).toarray().astype(np.float32)
    return basis
