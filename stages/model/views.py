"""Create the views of an image over which a prediction is averaged."""

import tensorflow as tf


def views(images: tf.Tensor, count: int) -> list[tf.Tensor]:
    """Return the images and, for 5 views, four copies shifted by a pixel along one axis.

    Based on the five crops of Krizhevsky and others, "ImageNet Classification with Deep
    Convolutional Neural Networks" (2012), section 4.1; by whole pixels, since fractions would blur.

    Args:
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` float32, 0 = background.
        count: 1 or 5.

    Returns:
        ``count`` tensors of the shape of ``images``; pixels from outside the image are 0.
    """
    if count == 1:
        return [images]
    colours = [[0, 0]] * (len(images.shape) - 3)
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], *colours])
    return [
        images,
        padded[:, :-2, 1:-1],
        padded[:, 2:, 1:-1],
        padded[:, 1:-1, :-2],
        padded[:, 1:-1, 2:],
    ]
