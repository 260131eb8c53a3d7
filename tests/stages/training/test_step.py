import numpy as np
import pytest
import tensorflow as tf

from stages.model.network import Network
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared.artifacts import Array
from stages.training.step import Step


@pytest.fixture
def batch(small_mnist: dict[str, Array]) -> tuple[tf.Tensor, tf.Tensor]:
    return (
        tf.constant(small_mnist["train_images"][:8]),
        tf.constant(small_mnist["train_labels"][:8], tf.int32),
    )


def step_of(
    network: Network, training: Training, machine: Machine, strategy: tf.distribute.Strategy
) -> Step:
    return Step(network, training, machine, lambda images: images / 255, 1, strategy, 10)


def test_a_step_moves_every_weight_by_adams_first_step(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    batch: tuple[tf.Tensor, tf.Tensor],
) -> None:
    strategy = tf.distribute.get_strategy()
    network = Network(small_network, 28, 28, 10, seed=1)
    before = [weight.numpy() for weight in network.weights]
    images, labels = batch
    with tf.GradientTape() as tape:
        logits = network(tf.cast(images, tf.float32) / 255)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        expected_loss = tf.reduce_mean(each)
    gradients = tape.gradient(expected_loss, network.weights)
    step = step_of(network, training, machine, strategy)

    loss = tf.function(step)(images, labels, tf.constant(0))

    assert float(loss) == pytest.approx(float(expected_loss), rel=1e-5)
    for weight, old, gradient in zip(network.weights, before, gradients, strict=True):
        # Adam's first step is the rate times the gradient's sign, but for epsilon.
        slope = tf.convert_to_tensor(gradient).numpy()
        size = training.learning_rate * slope / (np.abs(slope) + training.epsilon / 0.0316)
        np.testing.assert_allclose(weight.numpy() - old, -size, atol=2e-5)


def test_the_loss_of_a_step_is_that_of_the_weights_before_it(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    batch: tuple[tf.Tensor, tf.Tensor],
) -> None:
    fast = training.model_copy(update={"learning_rate": 0.01})
    network = Network(small_network, 28, 28, 10, seed=1)
    step = tf.function(step_of(network, fast, machine, tf.distribute.get_strategy()))

    losses = [float(step(*batch, tf.constant(number))) for number in range(3)]

    assert losses == sorted(losses, reverse=True)
