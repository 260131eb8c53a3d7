import keras
import numpy as np
import pytest
import tensorflow as tf

from stages.artifacts import Array
from stages.model.network import Network
from stages.model.training import Trainer, TrainingError, cross_entropy
from stages.model.variables import values
from stages.sections import NetworkParams, Training


def fitted(
    network: NetworkParams, training: Training, arrays: dict[str, Array], count: int, seed: int = 1
) -> tuple[list[float], dict[str, Array]]:
    """Train on the first images and give the loss of each epoch and the weights."""
    built = Network(network, 28, 28, 10, seed)
    trainer = Trainer(
        built,
        training,
        lambda images: images / 255,
        arrays["train_images"][:count],
        arrays["train_labels"][:count],
        seed,
    )
    losses = [trainer.run_epoch(epoch) for epoch in range(training.epochs)]
    return losses, values(built.saved)


def equal(first: dict[str, Array], second: dict[str, Array]) -> bool:
    return all(np.array_equal(first[name], second[name]) for name in first)


def test_32_images_can_be_overfitted(
    small_network: NetworkParams, training: Training, small_mnist: dict[str, Array]
) -> None:
    longer = training.model_copy(update={"epochs": 150, "learning_rate": 0.005})

    losses, _ = fitted(small_network, longer, small_mnist, 32)

    assert losses[0] > 1
    assert losses[-1] < 0.01


def test_the_same_seed_gives_the_same_weights_to_the_last_bit(
    reference_network: NetworkParams, training: Training, small_mnist: dict[str, Array]
) -> None:
    augmented = training.model_copy(
        update={"augmentation": training.augmentation.model_copy(update={"rotation": 10.0})}
    )

    first, same, other = (
        fitted(reference_network, augmented, small_mnist, 40, seed)[1] for seed in (1, 1, 2)
    )

    assert equal(first, same)
    assert not equal(first, other)


def test_shuffling_changes_the_order_of_each_epoch(
    small_network: NetworkParams, training: Training, small_mnist: dict[str, Array]
) -> None:
    # At a learning rate of almost nothing the weights stand still, so that only the order and the
    # smaller last batch can change the mean of the batches' losses.
    still = training.model_copy(update={"learning_rate": 1e-9})

    shuffled, _ = fitted(small_network, still, small_mnist, 12)
    in_order, _ = fitted(
        small_network, still.model_copy(update={"shuffle": False}), small_mnist, 12
    )

    assert shuffled[0] != shuffled[1]
    np.testing.assert_allclose(in_order[0], in_order[1], rtol=1e-6)


def test_the_last_batch_may_be_smaller(
    small_network: NetworkParams, training: Training, small_mnist: dict[str, Array]
) -> None:
    once = training.model_copy(
        update={"learning_rate": 1e-9, "shuffle": False, "epochs": 1, "batch_size": 8}
    )
    images = small_mnist["train_images"][:12] / np.float32(255)
    logits = Network(small_network, 28, 28, 10, seed=1)(tf.constant(images)).numpy()
    logits = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    each = -logits[np.arange(12), small_mnist["train_labels"][:12]]

    losses, _ = fitted(small_network, once, small_mnist, 12)

    np.testing.assert_allclose(losses, [(each[:8].mean() + each[8:].mean()) / 2], rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_loss_is_that_of_another_library(smoothing: float) -> None:
    random = np.random.default_rng(5)
    logits = random.normal(0, 3, (20, 10)).astype(np.float32)
    labels = random.integers(0, 10, 20).astype(np.int32)
    library = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)

    loss = cross_entropy(tf.constant(logits), tf.constant(labels), smoothing)

    np.testing.assert_allclose(loss, library(np.eye(10)[labels], logits), rtol=1e-5)


def test_a_loss_that_is_not_finite_stops_at_its_step(
    small_network: NetworkParams, training: Training, small_mnist: dict[str, Array]
) -> None:
    # A learning rate that overflows float32 within a few steps.
    diverging = training.model_copy(update={"learning_rate": 1e30})

    with pytest.raises(
        TrainingError,
        match=r"step \d of 5 in epoch 1, at a learning rate of 1e\+30, is (nan|inf): expected a "
        r"finite number; lower training\.learning_rate",
    ):
        fitted(small_network, diverging, small_mnist, 40)
