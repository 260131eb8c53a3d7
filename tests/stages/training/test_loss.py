import keras
import numpy as np
import pytest
import tensorflow as tf

from stages.training.loss import cross_entropy


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_loss_is_that_of_another_library(smoothing: float) -> None:
    random = np.random.default_rng(5)
    logits = random.normal(0, 3, (20, 10)).astype(np.float32)
    labels = random.integers(0, 10, 20).astype(np.int32)
    library = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)

    loss = cross_entropy(tf.constant(logits), tf.constant(labels), smoothing)

    np.testing.assert_allclose(tf.reduce_mean(loss), library(np.eye(10)[labels], logits), rtol=1e-5)


def test_an_image_of_no_class_is_spread_over_all() -> None:
    logits = np.random.default_rng(5).normal(0, 3, (4, 10)).astype(np.float32)
    labels = np.array([3, -1, -1, 0], np.int32)
    library = keras.losses.CategoricalCrossentropy(from_logits=True, reduction=None)

    loss = cross_entropy(tf.constant(logits), tf.constant(labels), 0.0)

    targets = np.where(labels[:, np.newaxis] < 0, 0.1, np.eye(10)[labels])
    np.testing.assert_allclose(loss, library(targets, logits), rtol=1e-5)
