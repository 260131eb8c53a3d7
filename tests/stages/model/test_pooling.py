from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from stages.model.pooling import max_pool_by_slices
from stages.params.network import Padding

Pool = Callable[[tf.Tensor, int, int, Padding], tf.Tensor]

IMAGES = tf.constant(np.random.default_rng(4).normal(size=(3, 7, 8, 2)).astype(np.float32))


@pytest.mark.parametrize("padding", ["VALID", "SAME"])
@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 2), (3, 1), (2, 3), (5, 4)])
def test_values_and_gradients_are_those_of_tensorflow(
    window: int, stride: int, padding: Padding
) -> None:
    def pooled(pool: Pool) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(IMAGES)
            result = pool(IMAGES, window, stride, padding)
            weighted = tf.reduce_sum(result**2)
        gradient = tape.gradient(weighted, IMAGES)
        assert isinstance(gradient, tf.Tensor)
        return result, gradient

    for found, expected in zip(pooled(max_pool_by_slices), pooled(tf.nn.max_pool2d), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
