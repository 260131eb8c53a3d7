"""Run one epoch of training as one call of a graph."""

import math
from typing import NoReturn

import numpy as np
import tensorflow as tf

from stages.model import machines
from stages.model.network import Network
from stages.model.preprocessing import Preprocessing
from stages.params.machine import Machine
from stages.params.training import Training
from stages.shared.errors import UserError
from stages.training.batches import Examples, batches
from stages.training.outliers import Outliers
from stages.training.seeds import Stream, seeds
from stages.training.step import Step

stateless_shuffle = tf.random.experimental.stateless_shuffle  # type: ignore[attr-defined]


class TrainingError(UserError):
    """The training cannot continue."""


class DivergedError(TrainingError):
    """The loss or the weights have become infinite or not a number."""


class Trainer(tf.Module):
    """Fits a network to images, epoch by epoch.

    Every random number follows from the seed, the epoch and the step, so an epoch depends on
    earlier ones only through the weights and the optimizer's state.

    Args:
        network: whose weights change; created in the scope of the strategy.
        training: the recipe's hyperparameters.
        machine: how this machine trains.
        preprocessing: of the images.
        examples: the images to fit.
        seed: of the recipe.
        strategy: of the devices.

    Raises:
        TrainingError: a batch has fewer images than there are devices, the images do not fit into
            a device's memory, or several devices cannot normalize batches together.
    """

    def __init__(
        self,
        network: Network,
        training: Training,
        machine: Machine,
        preprocessing: Preprocessing,
        examples: Examples,
        seed: int,
        strategy: tf.distribute.Strategy,
    ) -> None:
        super().__init__()
        self._network = network
        self._training = training
        self._seed = seed
        self._count = len(examples.chosen)
        self._steps = -(-self._count // training.batch_size)
        self._strategy = strategy
        self._check_devices(network, machine)
        try:
            self._batches = batches(examples, machine.input)
        except tf.errors.ResourceExhaustedError:
            raise TrainingError(
                f"{self._count} images do not fit into the memory of the device; set machine.input "
                "to stream."
            ) from None
        self._labels = tf.constant(examples.labels[examples.chosen], tf.int32)
        self._step = Step(
            network,
            training,
            machine,
            preprocessing,
            Outliers(training.outliers, examples, preprocessing, seed),
            seed,
            strategy,
            self._steps * training.epochs,
        )

    @property
    def state(self) -> list[tf.Variable]:
        """The variables that an epoch needs from the earlier ones, besides the weights."""
        return self._step.state

    def run_epoch(self, epoch: int) -> float:
        """Take one step for each batch of the images; the last batch may be smaller.

        Args:
            epoch: 0 for the first.

        Returns:
            The mean over the batches of their mean loss.

        Raises:
            DivergedError: a batch's loss, or a weight or the optimizer's state after the epoch, is
                infinite or not a number.
            TrainingError: memory is insufficient.
        """
        average = self._step.average
        if average:
            average.begin_epoch()
        try:
            total, finite = self._run_epoch(tf.constant(epoch))
        except tf.errors.ResourceExhaustedError:
            raise TrainingError(
                f"batches of {self._training.batch_size} images do not fit into the memory of the "
                "device; lower training.batch_size."
            ) from None
        if not math.isfinite(total):
            self._diverged("the loss of step", epoch, int(finite))
        # The loss of a step depends on the weights before it, so the last step is not checked yet.
        if not self._is_sound():
            self._diverged("a weight, or the optimizer's state, after step", epoch, self._steps - 1)
        if average:
            average.end_epoch()
        return float(total) / self._steps

    @tf.function(autograph=False)
    def _run_epoch(self, epoch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the batches' total loss, and the number of batches for which it is finite."""
        order = tf.range(self._count)
        if self._training.shuffle:
            order = stateless_shuffle(order, seeds(self._seed, Stream.SHUFFLE, epoch))
        size = self._training.batch_size
        order, own_size = self._own(order, size)
        images = self._batches.epoch(order, own_size)

        def is_left(batch: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
            return batch < self._steps

        def fit(batch: tf.Tensor, total: tf.Tensor, finite: tf.Tensor) -> tuple[tf.Tensor, ...]:
            positions = order[batch * own_size : (batch + 1) * own_size]
            labels = tf.gather(self._labels, positions)
            together = tf.minimum(size, self._count - batch * size)
            total += self._step(images(positions), labels, epoch * self._steps + batch, together)
            return batch + 1, total, finite + tf.cast(tf.math.is_finite(total), tf.int32)

        begin = tf.constant(0), tf.constant(0.0), tf.constant(0)
        _, total, finite = tf.while_loop(is_left, fit, begin)
        return total, finite

    def _own(self, order: tf.Tensor, size: int) -> tuple[tf.Tensor, int]:
        """Return the images of an epoch that this machine's devices compute, and how many a batch.

        Of each batch, device after device takes an image in turn.
        """
        devices = self._strategy.num_replicas_in_sync
        here = machines.local_devices(self._strategy)
        if here == devices:
            return order, size
        own = np.arange(size) % devices // here == machines.number(self._strategy)
        return tf.boolean_mask(order, np.resize(own, self._count)), int(own.sum())

    def _is_sound(self) -> bool:
        scale = self._step.scale
        if scale and scale.factor < 1:
            return False
        return all(np.isfinite(variable).all() for variable in self._network.saved + self.state)

    def _diverged(self, what: str, epoch: int, batch: int) -> NoReturn:
        rate = self._step.learning_rate(tf.constant(epoch * self._steps + batch))
        raise DivergedError(
            f"{what} {batch + 1} of {self._steps} in epoch {epoch + 1}, at a learning rate of "
            f"{float(rate):.3g}, is infinite or not a number; lower training.learning_rate."
        )

    def _check_devices(self, network: Network, machine: Machine) -> None:
        devices = self._strategy.num_replicas_in_sync
        size = self._training.batch_size
        smallest = min(size, self._count - (self._steps - 1) * size)
        if smallest < devices:
            raise TrainingError(
                f"training.batch_size: expected batches of at least {devices} images, one for each "
                f"device, found one of {smallest}; choose another size."
            )
        if devices > 1 and machine.jit_compile and network.normalizes_batches:
            raise TrainingError(
                f"machine.jit_compile: expected false, since {devices} devices normalize each "
                "batch together, which XLA cannot do, found true; change it."
            )
