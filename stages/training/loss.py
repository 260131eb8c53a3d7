"""Compute the loss that training minimizes."""

from typing import cast

import tensorflow as tf


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tf.Tensor:
    """Compute the softmax cross-entropy with labels smoothed towards the uniform distribution.

    Szegedy and others, "Rethinking the Inception Architecture for Computer Vision" (2016), section
    7.

    Args:
        logits: ``(n, classes)`` float32.
        labels: ``(n,)`` int32 from 0 to ``classes - 1``; a negative one stands for no class, and
            is spread over all classes.
        smoothing: share of each label that is spread over all classes, from 0 to 1.

    Returns:
        ``(n,)`` float32, in nats.
    """
    classes = cast("int", logits.shape[-1])
    spread = smoothing / classes
    targets = tf.one_hot(labels, classes, on_value=1 - smoothing + spread, off_value=spread)
    targets = tf.where(labels[:, tf.newaxis] < 0, 1 / classes, targets)
    losses: tf.Tensor = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    return losses
