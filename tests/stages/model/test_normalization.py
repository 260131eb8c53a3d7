import numpy as np
import tensorflow as tf

from stages.model.normalization import BatchNormalization
from stages.shared.artifacts import Array

RANDOM = np.random.default_rng(3)
HIDDEN = RANDOM.normal(2, 3, (5, 4, 4, 3)).astype(np.float32)
SCALE = np.array([1, 2, 0.5], np.float32)
SHIFT = np.array([0, -1, 4], np.float32)


def normalization() -> BatchNormalization:
    built = BatchNormalization("conv_1", 3)
    built.scale.assign(SCALE)
    return built


def normalized(mean: Array, variance: Array) -> Array:
    return (HIDDEN - mean) / np.sqrt(variance + 1e-3) * SCALE + SHIFT


def test_training_normalizes_by_the_batch() -> None:
    found = normalization()(tf.constant(HIDDEN), tf.Variable(tf.constant(SHIFT)), step=0)

    mean, variance = HIDDEN.mean(axis=(0, 1, 2)), HIDDEN.var(axis=(0, 1, 2))
    np.testing.assert_allclose(found, normalized(mean, variance), rtol=1e-4, atol=1e-5)


def test_prediction_normalizes_by_what_training_measured() -> None:
    built = normalization()
    for step in range(200):
        built(tf.constant(HIDDEN), tf.Variable(tf.constant(SHIFT)), step)

    found = built(tf.constant(HIDDEN), tf.Variable(tf.constant(SHIFT)), step=None)

    # The running variance is the unbiased estimate of the population's.
    mean, variance = HIDDEN.mean(axis=(0, 1, 2)), HIDDEN.var(axis=(0, 1, 2), ddof=1)
    np.testing.assert_allclose(found, normalized(mean, variance), rtol=1e-4, atol=1e-4)


def test_the_initial_values_of_the_running_statistics_do_not_count() -> None:
    built = normalization()

    for step in range(4):
        built(tf.constant(HIDDEN * (step + 1)), tf.Variable(tf.constant(SHIFT)), step)

    mean, variance = (statistic.numpy() for statistic in built.statistics)
    of_one = HIDDEN.mean(axis=(0, 1, 2)), HIDDEN.var(axis=(0, 1, 2), ddof=1)
    # A batch counts nine tenths of the one after it.
    weights, sizes = 0.9 ** np.array([3, 2, 1, 0]), np.array([1, 2, 3, 4])
    np.testing.assert_allclose(mean, of_one[0] * np.average(sizes, weights=weights), rtol=1e-4)
    np.testing.assert_allclose(
        variance, of_one[1] * np.average(sizes**2, weights=weights), rtol=1e-4
    )


def test_each_later_batch_moves_the_running_statistics_by_a_tenth() -> None:
    built = normalization()

    built(tf.constant(HIDDEN), tf.Variable(tf.constant(SHIFT)), 500)

    mean, variance = (statistic.numpy() for statistic in built.statistics)
    np.testing.assert_allclose(mean, 0.1 * HIDDEN.mean(axis=(0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * HIDDEN.var(axis=(0, 1, 2), ddof=1), rtol=1e-4)


def test_prediction_changes_no_statistics() -> None:
    built = normalization()
    before = [statistic.numpy() for statistic in built.statistics]

    built(tf.constant(HIDDEN), tf.Variable(tf.constant(SHIFT)), step=None)

    for statistic, kept in zip(built.statistics, before, strict=True):
        np.testing.assert_array_equal(statistic.numpy(), kept)


def test_one_image_is_predicted_as_among_others() -> None:
    built = normalization()
    built(tf.constant(HIDDEN), tf.Variable(tf.constant(SHIFT)), step=0)

    together = built(tf.constant(HIDDEN), tf.Variable(tf.constant(SHIFT)), step=None)
    alone = built(tf.constant(HIDDEN[:1]), tf.Variable(tf.constant(SHIFT)), step=None)

    np.testing.assert_allclose(alone, together[:1], rtol=1e-5)
