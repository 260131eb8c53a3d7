import numpy as np
import tensorflow as tf

from stages.training import loss_scale
from stages.training.loss_scale import LossScale

GOOD = [tf.constant([1.0, -2.0]), tf.constant([[3.0]])]
OVERFLOWN = [tf.constant([1.0, float("inf")]), tf.constant([[3.0]])]


def test_an_overflow_halves_the_factor_and_forbids_the_step() -> None:
    scale = LossScale()

    assert not scale.update(OVERFLOWN)

    np.testing.assert_array_equal(scale.factor, 2.0**14)


def test_good_steps_double_the_factor_in_the_end() -> None:
    scale = LossScale()
    scale.state[1].assign(loss_scale._STEPS - 2)

    assert scale.update(GOOD)
    np.testing.assert_array_equal(scale.factor, 2.0**15)

    assert scale.update(GOOD)
    np.testing.assert_array_equal(scale.factor, 2.0**16)
    assert int(scale.state[1]) == 0


def test_an_overflow_starts_the_count_of_good_steps_anew() -> None:
    scale = LossScale()
    scale.update(GOOD)

    scale.update(OVERFLOWN)

    assert int(scale.state[1]) == 0
