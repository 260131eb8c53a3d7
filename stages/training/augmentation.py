"""Distort training images at random, in the graph."""

import math
from typing import cast

import tensorflow as tf

from stages.model.share import Share
from stages.params.training import Augmentation
from stages.training.elastic import displacement
from stages.training.interpolation import sample


def distort(
    images: tf.Tensor,
    augmentation: Augmentation,
    affine_seed: tf.Tensor,
    elastic_seed: tf.Tensor,
    share: Share | None = None,
) -> tf.Tensor:
    """Shift, rotate, scale, shear and bend each image by its own random amounts.

    All distortions are combined so that every pixel is read only once, since each reading blurs.

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` float32, 0 = background.
        augmentation: the largest amount of each distortion; all 0 leaves the images unchanged.
        affine_seed: ``(2,)`` int64, determines all amounts except the elastic one.
        elastic_seed: as ``affine_seed``, determines the elastic distortion.
        share: which images of a batch they are; None means all.

    Returns:
        float32 in the shape of ``images``; pixels from outside the image are 0.
    """
    largest = [
        math.radians(augmentation.rotation),
        augmentation.scale,
        augmentation.shear,
        augmentation.shift,
        augmentation.shift,
    ]
    if not any(largest) and not augmentation.elastic:
        return images
    height, width, *colours = cast("list[int]", images.shape[1:].as_list())
    share = share or Share(0, 1, tf.shape(images)[0])
    shape = tf.stack([len(largest), share.total])
    drawn = tf.random.stateless_uniform(shape, affine_seed, -1.0, 1.0)
    drawn = share.of(drawn, axis=1)
    rows, columns = _sources(drawn * tf.expand_dims(tf.constant(largest), 1), height, width)
    if augmentation.elastic:
        field = displacement(share, height, width, augmentation.elastic, elastic_seed)
        rows, columns = rows + field[0], columns + field[1]
    if not colours:
        return sample(images, rows, columns, augmentation.interpolation)
    # All channels of an image are read at the same positions.
    channels = tf.unstack(images, axis=-1)
    read = [sample(channel, rows, columns, augmentation.interpolation) for channel in channels]
    return tf.stack(read, axis=-1)


def _sources(amounts: tf.Tensor, height: int, width: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Find where each pixel of the distorted images comes from.

    Args:
        amounts: ``(5, n)`` float32: angle in radians, relative change of size, shear, and pixels
            down and to the right; all relative to the centre of the image.
        height: of the images, in pixels.
        width: as ``height``.

    Returns:
        Rows and columns, each ``(n, height, width)`` float32.
    """
    angle, scale, shear, down, right = tf.unstack(amounts[:, :, tf.newaxis, tf.newaxis])
    cosine, sine, enlarged = tf.cos(angle), tf.sin(angle), 1 + scale
    middle, centre = (height - 1) / 2, (width - 1) / 2
    y = tf.range(height, dtype=tf.float32)[:, tf.newaxis] - middle - down
    x = tf.range(width, dtype=tf.float32) - centre - right
    rows = (sine * x + (sine * shear + cosine) * y) / enlarged + middle
    columns = (cosine * x + (cosine * shear - sine) * y) / enlarged + centre
    return rows, columns
