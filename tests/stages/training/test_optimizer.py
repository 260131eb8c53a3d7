import keras
import numpy as np
import pytest
import tensorflow as tf

from stages.params.training import Training
from stages.training.optimizer import Adam, learning_rate


def test_steps_equal_those_of_the_library(training: Training) -> None:
    random = np.random.default_rng(0)
    start = [random.normal(size=shape).astype(np.float32) for shape in ((3, 4), (5,))]
    ours = [tf.Variable(tf.constant(value)) for value in start]
    theirs = [tf.Variable(tf.constant(value)) for value in start]
    adam = Adam(ours, training)
    library = keras.optimizers.Adam(
        0.001, beta_1=training.beta_1, beta_2=training.beta_2, epsilon=training.epsilon
    )

    for step in range(20):
        gradients = [tf.constant(random.normal(size=value.shape), tf.float32) for value in start]
        adam.apply(gradients, tf.constant(0.001), tf.constant(step))
        library.apply(gradients, theirs)

    for mine, library_variable in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, library_variable, rtol=1e-5, atol=1e-7)


def test_decay_of_kernels_alone_equals_that_of_the_library(training: Training) -> None:
    decaying = training.model_copy(update={"weight_decay": 0.1})
    random = np.random.default_rng(0)
    start = [random.normal(size=shape).astype(np.float32) for shape in ((3, 4), (5,))]
    ours = [tf.Variable(tf.constant(value)) for value in start]
    theirs = [tf.Variable(tf.constant(value)) for value in start]
    adam = Adam(ours, decaying)
    library = keras.optimizers.AdamW(0.01, weight_decay=0.1, epsilon=training.epsilon)
    library.exclude_from_weight_decay(theirs[1:])

    for step in range(20):
        gradients = [tf.constant(random.normal(size=value.shape), tf.float32) for value in start]
        adam.apply(gradients, tf.constant(0.01), tf.constant(step))
        library.apply(gradients, theirs)

    for mine, library_variable in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, library_variable, rtol=1e-5, atol=1e-7)


def test_the_first_step_equals_a_hand_computation(training: Training) -> None:
    variable = tf.Variable(tf.constant([1.0]))

    Adam([variable], training).apply([tf.constant([4.0])], tf.constant(0.1), tf.constant(0))

    # The corrected means are the gradient and its square, so the step is the learning rate.
    assert variable.numpy() == pytest.approx([0.9])


def rates(training: Training, steps: int) -> list[float]:
    return [float(learning_rate(training, tf.constant(step), steps)) for step in range(steps)]


def test_without_warmup_and_decay_the_rate_is_constant(training: Training) -> None:
    assert rates(training, 7) == pytest.approx([0.001] * 7)


def test_one_cycle_rises_to_the_highest_rate_and_falls_to_zero(training: Training) -> None:
    one_cycle = training.model_copy(
        update={"learning_rate": 1.0, "warmup": 0.25, "decay": "linear"}
    )

    # Steps stand at 1/16, 3/16, ... of the way; the highest rate at 1/4.
    expected = [1 / 4, 3 / 4, 11 / 12, 9 / 12, 7 / 12, 5 / 12, 3 / 12, 1 / 12]
    assert rates(one_cycle, 8) == pytest.approx(expected)


def test_cosine_decay_is_half_way_in_the_middle(training: Training) -> None:
    cosine = training.model_copy(update={"learning_rate": 1.0, "decay": "cosine"})

    assert rates(cosine, 3)[1] == pytest.approx(0.5)


def test_steps_beyond_the_last_keep_its_rate(training: Training) -> None:
    linear = training.model_copy(update={"learning_rate": 1.0, "decay": "linear"})

    beyond = float(learning_rate(linear, tf.constant(99), 4))

    assert beyond == pytest.approx(rates(linear, 4)[-1])


def test_a_warmup_of_the_whole_training_only_rises(training: Training) -> None:
    rising = training.model_copy(update={"learning_rate": 1.0, "warmup": 1.0, "decay": "linear"})

    assert rates(rising, 2) == pytest.approx([0.25, 0.75])
