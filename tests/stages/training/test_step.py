import numpy as np
import pytest
import tensorflow as tf

from stages.model.network import Network
from stages.model.preprocessing import Preprocessing
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.drawings import drawings
from stages.training.outliers import Outliers
from stages.training.seeds import Stream
from stages.training.step import Step
from tests.stages.networks import PIXELS_TO_ONE

# A training of whatever images has outliers of full ink if one pixel has.
EXAMPLES = Examples(np.full((1, 28, 28), 255, np.uint8), np.zeros(1, int))


@pytest.fixture
def batch(small_mnist: dict[str, Array]) -> tuple[tf.Tensor, tf.Tensor]:
    return (
        tf.constant(small_mnist["train_images"][:8]),
        tf.constant(small_mnist["train_labels"][:8], tf.int32),
    )


def step_of(
    network: Network, training: Training, machine: Machine, strategy: tf.distribute.Strategy
) -> Step:
    preprocessing = Preprocessing(PIXELS_TO_ONE)
    outliers = Outliers(training.outliers, EXAMPLES, preprocessing, 1)
    return Step(network, training, machine, preprocessing, outliers, 1, strategy, 10)


def test_steps_are_those_of_adam_computed_in_numpy(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    batch: tuple[tf.Tensor, tf.Tensor],
) -> None:
    """Kingma and Ba (2015), algorithm 1, with epsilon as at the end of its section 2."""
    network = Network(small_network, (28, 28), 10, seed=1)
    other = Network(small_network, (28, 28), 10, seed=1)
    step = tf.function(step_of(network, training, machine, tf.distribute.get_strategy()))
    images, labels = batch
    means, squares = ([np.zeros(weight.shape) for weight in other.weights] for _ in range(2))

    for count in range(1, 4):
        with tf.GradientTape() as tape:
            logits = other(tf.cast(images, tf.float32) / 255)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            expected_loss = tf.reduce_mean(losses)
        gradients = [
            tf.convert_to_tensor(gradient).numpy().astype(np.float64)
            for gradient in tape.gradient(expected_loss, other.weights)
        ]
        rate = training.learning_rate * np.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        for place, gradient in enumerate(gradients):
            means[place] = 0.9 * means[place] + 0.1 * gradient
            squares[place] = 0.999 * squares[place] + 0.001 * gradient**2
            change = rate * means[place] / (np.sqrt(squares[place]) + 1e-8)
            other.weights[place].assign_sub(change.astype(np.float32))

        loss = step(images, labels, tf.constant(count - 1), tf.size(labels))

        assert float(loss) == pytest.approx(float(expected_loss), rel=1e-5)
        for weight, expected in zip(network.weights, other.weights, strict=True):
            np.testing.assert_allclose(weight.numpy(), expected.numpy(), atol=2e-6)


def test_the_loss_of_a_step_is_that_of_the_weights_before_it(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    batch: tuple[tf.Tensor, tf.Tensor],
) -> None:
    fast = training.model_copy(update={"learning_rate": 0.01})
    network = Network(small_network, (28, 28), 10, seed=1)
    step = tf.function(step_of(network, fast, machine, tf.distribute.get_strategy()))

    losses = [float(step(*batch, tf.constant(number), tf.size(batch[1]))) for number in range(3)]

    assert losses == sorted(losses, reverse=True)


def test_outliers_are_learned_to_be_of_no_class(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    batch: tuple[tf.Tensor, tf.Tensor],
) -> None:
    rate = training.model_copy(update={"outliers": 0.5})
    network = Network(small_network, (28, 28), 10, seed=1)
    step = tf.function(step_of(network, rate, machine, tf.distribute.get_strategy()))
    images, labels = batch
    drawn = drawings(2000, np.random.default_rng((1, Stream.OUTLIERS)))[:4]
    logits = network(tf.cast(tf.concat([images, drawn], axis=0), tf.float32) / 255)
    targets = np.concatenate([np.eye(10)[labels.numpy()], np.full((4, 10), 0.1)])
    expected = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))

    loss = step(images, labels, tf.constant(0), tf.size(labels))

    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
