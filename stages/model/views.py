"""The views of an image that a prediction is the mean of."""

import tensorflow as tf


def views(images: tf.Tensor, count: int) -> list[tf.Tensor]:
    """Give each image itself and, for 5 views, the four shifted by a pixel along one axis.

    After the five crops of Krizhevsky and others, "ImageNet Classification with Deep Convolutional
    Neural Networks" (2012), section 4.1; by whole pixels, since those between would be blurred.

    Args:
        images: ``(n, height, width)`` float32, 0 = background.
        count: 1 or 5.

    Returns:
        ``count`` tensors of the shape of ``images``; what comes from outside is 0.
    """
    if count == 1:
        return [images]
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1]])
    return [
        images,
        padded[:, :-2, 1:-1],
        padded[:, 2:, 1:-1],
        padded[:, 1:-1, :-2],
        padded[:, 1:-1, 2:],
    ]
