import numpy as np
import pytest
import tensorflow as tf

from stages.model import machines
from stages.model.network import Network
from stages.model.preprocessing import Preprocessing
from stages.model.variables import values
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared.artifacts import Array
from stages.training import loss_scale
from stages.training.batches import Examples
from stages.training.trainer import DivergedError, Trainer, TrainingError
from tests.stages.networks import PIXELS_TO_ONE

pytestmark = pytest.mark.slow


def fitted(
    network: NetworkParams,
    training: Training,
    machine: Machine,
    arrays: dict[str, Array],
    count: int,
    seed: int = 1,
) -> tuple[list[float], dict[str, Array]]:
    """Train on the first images and give the loss of each epoch and the weights."""
    built = Network(network, (28, 28), 10, seed)
    trainer = Trainer(
        built,
        training,
        machine,
        Preprocessing(PIXELS_TO_ONE),
        Examples(arrays["train_images"], arrays["train_labels"], np.arange(count)),
        seed,
        tf.distribute.get_strategy(),
    )
    losses = [trainer.run_epoch(epoch) for epoch in range(training.epochs)]
    return losses, values(built.saved)


def equal(first: dict[str, Array], second: dict[str, Array]) -> bool:
    return all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.core
def test_32_images_can_be_overfitted(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    longer = training.model_copy(update={"epochs": 150, "learning_rate": 0.005})

    losses, _ = fitted(small_network, longer, machine, small_mnist, 32)

    assert losses[0] > 1
    assert losses[-1] < 0.01


def test_the_same_seed_gives_the_same_weights_to_the_last_bit(
    reference_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    augmented = training.model_copy(
        update={"augmentation": training.augmentation.model_copy(update={"rotation": 10.0})}
    )

    first, same, other = (
        fitted(reference_network, augmented, machine, small_mnist, 40, seed)[1]
        for seed in (1, 1, 2)
    )

    assert equal(first, same)
    assert not equal(first, other)


def test_shuffling_changes_the_order_of_each_epoch(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    # At a learning rate of almost nothing the weights stand still, so that only the order and the
    # smaller last batch can change the mean of the batches' losses.
    still = training.model_copy(update={"learning_rate": 1e-9})

    shuffled, _ = fitted(small_network, still, machine, small_mnist, 12)
    in_order, _ = fitted(
        small_network, still.model_copy(update={"shuffle": False}), machine, small_mnist, 12
    )

    assert shuffled[0] != shuffled[1]
    np.testing.assert_allclose(in_order[0], in_order[1], rtol=1e-6)


def test_the_last_batch_may_be_smaller(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    once = training.model_copy(
        update={"learning_rate": 1e-9, "shuffle": False, "epochs": 1, "batch_size": 8}
    )
    images = small_mnist["train_images"][:12] / np.float32(255)
    logits = Network(small_network, (28, 28), 10, seed=1)(tf.constant(images)).numpy()
    logits = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    each = -logits[np.arange(12), small_mnist["train_labels"][:12]]

    losses, _ = fitted(small_network, once, machine, small_mnist, 12)

    np.testing.assert_allclose(losses, [(each[:8].mean() + each[8:].mean()) / 2], rtol=1e-5)


def test_a_loss_that_is_not_finite_stops_at_its_step(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    # A learning rate that overflows float32 within a few steps.
    diverging = training.model_copy(update={"learning_rate": 1e30})

    with pytest.raises(
        DivergedError,
        match=r"the loss of step \d of 5 in epoch 1, at a learning rate of 1e\+30, is infinite or "
        r"not a number; lower training\.learning_rate",
    ):
        fitted(small_network, diverging, machine, small_mnist, 40)


@pytest.fixture(scope="module")
def normalizing(small_network: NetworkParams) -> NetworkParams:
    return small_network.model_copy(update={"batch_normalization": True})


@pytest.fixture(scope="module")
def expected_losses(
    normalizing: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> list[float]:
    """In float32."""
    return fitted(normalizing, training, machine, small_mnist, 100)[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "bfloat16"},
        {"precision": "float16"},
        {"jit_compile": True},
        {"jit_compile": True, "precision": "bfloat16"},
    ],
)
def test_another_way_of_computing_gives_nearly_the_same_losses(
    normalizing: NetworkParams,
    expected_losses: list[float],
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    changes: dict[str, object],
) -> None:
    losses, weights = fitted(
        normalizing, training, machine.model_copy(update=changes), small_mnist, 100
    )

    # bfloat16 keeps 8 bits of a number.
    np.testing.assert_allclose(losses, expected_losses, rtol=0.02)
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("changes", [{}, {"precision": "float16"}, {"jit_compile": True}])
def test_a_second_training_in_the_same_process_gives_the_same_bits(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    changes: dict[str, object],
) -> None:
    changed = machine.model_copy(update=changes)

    first, second = (fitted(small_network, training, changed, small_mnist, 40)[1] for _ in "12")

    assert equal(first, second)


def test_weights_that_the_last_step_ruined_stop_the_training(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    # The one step of the epoch overflows the weights, after a loss that is as it should be.
    ruinous = training.model_copy(
        update={"learning_rate": 3e38, "beta_1": 0.9999, "beta_2": 0.0, "batch_size": 40}
    )

    with pytest.raises(DivergedError, match=r"a weight, .*, after step 1 of 1 in epoch 1"):
        fitted(small_network, ruinous, machine, small_mnist, 40)


def test_gradients_that_overflow_at_any_scale_stop_the_training(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loss_scale, "_FIRST", 2.0**-1)
    mixed = machine.model_copy(update={"precision": "float16"})

    with pytest.raises(DivergedError, match="in epoch 1"):
        fitted(small_network, training, mixed, small_mnist, 40)


def test_streamed_images_give_the_same_bits_as_those_in_memory(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    augmented = training.model_copy(
        update={"augmentation": training.augmentation.model_copy(update={"shift": 2.0})}
    )
    streamed = machine.model_copy(update={"input": "stream"})

    first, second = (
        fitted(small_network, augmented, how, small_mnist, 43) for how in (machine, streamed)
    )

    assert first[0] == second[0]
    assert equal(first[1], second[1])


def test_an_overflow_in_float16_leaves_the_weights_as_they_were(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No gradient fits into float16 when the loss is multiplied by 2 to the power of 40.
    monkeypatch.setattr(loss_scale, "_FIRST", 2.0**40)
    once = training.model_copy(update={"epochs": 1, "batch_size": 40})
    mixed = machine.model_copy(update={"precision": "float16"})

    _, weights = fitted(small_network, once, mixed, small_mnist, 40)

    assert equal(values(Network(small_network, (28, 28), 10, seed=1).saved), weights)


def test_running_out_of_memory_names_the_batch_size(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    class Huge(Preprocessing):
        """Asks for 160 GB, which TensorFlow refuses before it takes any."""

        def standardize(self, images: tf.Tensor) -> tf.Tensor:
            return images + tf.reduce_sum(tf.fill((tf.shape(images)[0], 2**26), images[0, 0, 0]))

    huge = training.model_copy(update={"batch_size": 600})
    trainer = Trainer(
        Network(small_network, (28, 28), 10, 1),
        huge,
        machine,
        Huge(PIXELS_TO_ONE),
        Examples(small_mnist["train_images"], small_mnist["train_labels"]),
        1,
        tf.distribute.get_strategy(),
    )

    with pytest.raises(TrainingError, match="batches of 600 images do not fit"):
        trainer.run_epoch(0)


def test_each_machine_reads_its_share_of_every_batch(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Two devices stand for two machines of one device each.
    monkeypatch.setattr(machines, "local_devices", lambda _: 1)
    trainer = Trainer(
        Network(small_network, (28, 28), 10, 1),
        training.model_copy(update={"batch_size": 3, "shuffle": False}),
        machine,
        Preprocessing(PIXELS_TO_ONE),
        Examples(small_mnist["train_images"], small_mnist["train_labels"], np.arange(11)),
        1,
        tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
    )
    read = []
    for number in (0, 1):
        monkeypatch.setattr(machines, "number", lambda _, number=number: number)
        order, size = trainer._own(tf.range(11), 3)
        read.append((order.numpy().tolist(), size))

    # Of the batches 0 to 2, 3 to 5, 6 to 8, and 9 to 10.
    assert read == [([0, 2, 3, 5, 6, 8, 9], 2), ([1, 4, 7, 10], 1)]


def test_xla_cannot_normalize_the_batches_of_several_devices(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    normalized = small_network.model_copy(update={"batch_normalization": True})
    with pytest.raises(TrainingError, match=r"machine\.jit_compile: expected false"):
        Trainer(
            Network(normalized, (28, 28), 10, 1),
            training,
            machine.model_copy(update={"jit_compile": True}),
            Preprocessing(PIXELS_TO_ONE),
            Examples(small_mnist["train_images"], small_mnist["train_labels"]),
            1,
            tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
        )


def test_a_batch_smaller_than_the_devices_is_refused(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    with pytest.raises(TrainingError, match=r"at least 2 images, .* found one of 1"):
        Trainer(
            Network(small_network, (28, 28), 10, 1),
            training,
            machine,
            Preprocessing(PIXELS_TO_ONE),
            Examples(small_mnist["train_images"], small_mnist["train_labels"], np.arange(9)),
            1,
            tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
        )
