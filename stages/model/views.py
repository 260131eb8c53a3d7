"""The views of an image that a prediction is the mean of."""

import tensorflow as tf


def views(images: tf.Tensor, count: int) -> list[tf.Tensor]:
    """Give each image itself and, for 5 views, the four that half a pixel along both axes shifts.

    The five crops of Krizhevsky and others, "ImageNet Classification with Deep Convolutional Neural
    Networks" (2012), section 4.1, as near to each other as interpolation lets them be: a shift by
    half a pixel along both axes is the mean of 2 x 2 neighbours.

    Args:
        images: ``(n, height, width)`` float32, 0 = background.
        count: 1 or 5.

    Returns:
        ``count`` tensors of the shape of ``images``; what comes from outside is 0.
    """
    if count == 1:
        return [images]
    padded = tf.pad(tf.expand_dims(images, -1), [[0, 0], [1, 1], [1, 1], [0, 0]])
    between = tf.squeeze(tf.nn.avg_pool2d(padded, 2, 1, "VALID"), -1)
    return [
        images,
        between[:, :-1, :-1],
        between[:, :-1, 1:],
        between[:, 1:, :-1],
        between[:, 1:, 1:],
    ]
