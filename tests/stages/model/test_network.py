import math

import numpy as np
import pytest
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from stages.model.network import Network
from stages.model.variables import assign, values
from stages.params.network import NetworkParams
from stages.shared.artifacts import Array


def forward(state: dict[str, Array], images: Array) -> Array:
    """Compute the reference network's logits with NumPy, in float64 and in the textbook order."""
    hidden = images[..., np.newaxis].astype(np.float64)
    for name in ("conv_1", "conv_2"):
        windows = sliding_window_view(hidden, (5, 5), axis=(1, 2))
        hidden = np.einsum("nhwcij,ijck->nhwk", windows, state[f"{name}.kernel"])
        hidden = np.maximum(hidden + state[f"{name}.bias"], 0)
        hidden = sliding_window_view(hidden, (2, 2), axis=(1, 2))[:, ::2, ::2].max(axis=(4, 5))
    hidden = hidden.reshape(len(images), -1)
    hidden = np.maximum(hidden @ state["fc_3.kernel"] + state["fc_3.bias"], 0)
    return hidden @ state["fc_4.kernel"] + state["fc_4.bias"]


def test_logits_equal_an_independent_forward_pass(reference_network: NetworkParams) -> None:
    random = np.random.default_rng(0)
    network = Network(reference_network, (28, 28), 10, seed=1)
    state = {
        name: np.asarray(random.normal(0, 0.1, array.shape), np.float32)
        for name, array in values(network.saved).items()
    }
    assign(network.saved, state)
    images = random.normal(size=(3, 28, 28)).astype(np.float32)

    logits = network(tf.constant(images))

    np.testing.assert_allclose(logits, forward(state, images), rtol=1e-4, atol=1e-4)


def test_weights_start_glorot_uniform_and_biases_at_zero(reference_network: NetworkParams) -> None:
    state = values(Network(reference_network, (28, 28), 10, seed=1).saved)

    for name, fans in {
        "conv_1": 25 * (1 + 32),
        "conv_2": 25 * (32 + 64),
        "fc_3": 1024 + 1024,
        "fc_4": 1024 + 10,
    }.items():
        kernel, limit = state[f"{name}.kernel"], math.sqrt(6 / fans)
        assert np.abs(kernel).max() == pytest.approx(limit, rel=0.02)
        assert kernel.std() == pytest.approx(limit / math.sqrt(3), rel=0.1)
        assert not state[f"{name}.bias"].any()


def test_the_seed_determines_the_first_weights(small_network: NetworkParams) -> None:
    first, same, other = (
        values(Network(small_network, (28, 28), 10, seed).saved)["fc_2.kernel"]
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_dropout_keeps_the_expected_share_and_only_while_training(
    reference_network: NetworkParams,
) -> None:
    network = Network(reference_network.model_copy(update={"convolutions": ()}), (4, 4), 1, seed=1)
    state = values(network.saved)
    # The logit is then the sum of the dense units, each of them 1.
    state["fc_1.kernel"][:] = 0
    state["fc_1.bias"][:] = 1
    state["fc_2.kernel"][:] = 1
    assign(network.saved, state)
    images = tf.zeros((50, 4, 4))

    assert network(images).numpy().tolist() == [[1024]] * 50
    # Kept units are doubled, so that the expectation stays 1024 (standard deviation 32).
    dropped = network(images, dropout_seed=tf.constant([1, 2])).numpy()
    assert dropped.mean() == pytest.approx(1024, abs=20)
    assert dropped.std() == pytest.approx(32, abs=12)


def test_gradients_are_those_of_finite_differences(small_network: NetworkParams) -> None:
    normalized = small_network.model_copy(update={"batch_normalization": True})
    network = Network(normalized, (9, 9), 3, seed=1)
    images = tf.constant(np.random.default_rng(2).normal(size=(6, 9, 9)), tf.float32)
    direction = np.random.default_rng(3)
    seed = tf.constant([1, 2])

    def loss() -> tf.Tensor:
        return tf.reduce_sum(network(images, seed) * tf.constant([1.0, -2.0, 3.0]))

    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, network.weights)

    for variable, gradient in zip(network.weights, gradients, strict=True):
        # So small a step crosses no kink of ReLU or of a maximum.
        start, step = variable.numpy(), 1e-4
        towards = direction.normal(size=start.shape).astype(np.float32)
        variable.assign(start + step * towards)
        above = float(loss())
        variable.assign(start - step * towards)
        below = float(loss())
        variable.assign(start)
        expected = (above - below) / (2 * step)
        assert isinstance(gradient, tf.Tensor)
        assert float((gradient.numpy() * towards).sum()) == pytest.approx(expected, rel=0.01)


def test_running_statistics_are_saved_and_restored(small_network: NetworkParams) -> None:
    normalized = small_network.model_copy(update={"batch_normalization": True})
    trained, other = (Network(normalized, (28, 28), 10, seed) for seed in (1, 2))
    images = tf.constant(np.random.default_rng(2).normal(3, 2, (6, 28, 28)), tf.float32)
    trained(images, tf.constant([1, 2]))

    assign(other.saved, values(trained.saved))

    assert {"conv_1.scale", "conv_1.mean", "conv_1.variance"} < set(values(other.saved))
    np.testing.assert_array_equal(other(images), trained(images))


def test_the_channels_of_an_image_are_the_inputs_of_the_first_layer(
    small_network: NetworkParams,
) -> None:
    random = np.random.default_rng(0)
    colours = random.normal(size=(2, 9, 9, 3)).astype(np.float32)
    network = Network(small_network, (9, 9, 3), 4, seed=1)
    of_grey = Network(small_network, (9, 9), 4, seed=1)
    kernel = values(network.saved)["conv_1.kernel"]
    assert kernel.shape == (5, 5, 3, 4)
    # With equal channels, their kernels add up to that of a grey image.
    grey = values(network.saved) | {"conv_1.kernel": kernel.sum(axis=2, keepdims=True)}
    assign(of_grey.saved, grey)

    for channel in (0, 1, 2):
        same = np.repeat(colours[..., [channel]], 3, axis=-1)
        np.testing.assert_allclose(
            network(tf.constant(same)), of_grey(tf.constant(colours[..., channel])), atol=1e-5
        )
