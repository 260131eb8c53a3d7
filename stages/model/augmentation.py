"""Random affine distortion of training images, in the graph."""

import math
from typing import cast

import tensorflow as tf

from stages.sections.recipe import Augmentation


def distort(images: tf.Tensor, augmentation: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Shift, rotate, scale and shear each image by its own random amounts, about its centre.

    Args:
        images: ``(n, height, width)`` float32, 0 = background.
        augmentation: the largest amount of each; all 0 leaves the images as they are.
        seed: ``(2,)`` int64, determines the amounts.

    Returns:
        ``(n, height, width)`` float32, interpolated bilinearly; what comes from outside is 0.
    """
    largest = [
        math.radians(augmentation.rotation),
        augmentation.scale,
        augmentation.shear,
        augmentation.shift,
        augmentation.shift,
    ]
    if not any(largest):
        return images
    height, width = cast("list[int]", images.shape[1:].as_list())
    shape = tf.stack([len(largest), tf.shape(images)[0]])
    drawn = tf.random.stateless_uniform(shape, seed, -1.0, 1.0)
    amounts = drawn * tf.expand_dims(tf.constant(largest), 1)
    distorted: tf.Tensor = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.expand_dims(images, -1),
        transforms=_inverse_affine(amounts, height, width),
        output_shape=(height, width),
        fill_value=0.0,
        interpolation="BILINEAR",
    )
    return tf.squeeze(distorted, -1)


def _inverse_affine(amounts: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Map output to input positions, as rows ``a0..a7`` of TensorFlow's projective transform.

    The input column of output ``(x, y)`` is ``a0 x + a1 y + a2``, the row ``a3 x + a4 y + a5``;
    a6 and a7 are 0 (``ImageProjectiveTransformV3``).
    """
    angle, scale, shear, down, right = tf.unstack(amounts)
    cosine, sine, shrink = tf.cos(angle), tf.sin(angle), 1 / (1 + scale)
    a0, a1 = cosine * shrink, (cosine * shear - sine) * shrink
    a3, a4 = sine * shrink, (sine * shear + cosine) * shrink
    x, y = (width - 1) / 2, (height - 1) / 2
    a2 = x - a0 * (x + right) - a1 * (y + down)
    a5 = y - a3 * (x + right) - a4 * (y + down)
    zero = tf.zeros_like(angle)
    return tf.stack([a0, a1, a2, a3, a4, a5, zero, zero], axis=1)
