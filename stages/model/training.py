"""Run one epoch of training as one call of a graph."""

import math
from collections.abc import Callable
from typing import NoReturn, cast

import numpy as np
import tensorflow as tf

from stages.model.augmentation import distort
from stages.model.averaging import WeightAverage
from stages.model.batches import Examples, batches
from stages.model.loss import cross_entropy
from stages.model.loss_scale import LossScale
from stages.model.network import Network
from stages.model.optimizer import Adam, learning_rate
from stages.model.pooling import max_pool_by_slices
from stages.params.machine import Machine
from stages.params.recipe import Training
from stages.shared.errors import UserError

stateless_shuffle = tf.random.experimental.stateless_shuffle  # type: ignore[attr-defined]

# Streams of random numbers, each with its own seeds; the network's initial weights use stream 0.
_SHUFFLE, _DROPOUT, _AFFINE, _ELASTIC = 1, 2, 3, 4


class TrainingError(UserError):
    """The training cannot continue."""


class DivergedError(TrainingError):
    """The loss or the weights have become infinite or not a number."""


class Trainer(tf.Module):
    """Fits a network to images, epoch by epoch.

    Every random number follows from the seed, the epoch and the step, so an epoch depends on
    earlier ones only through the weights and the optimizer's state. With several devices, each
    computes a share of every batch, and all take the same step.

    Args:
        network: whose weights change; created in the scope of the strategy.
        training: the recipe's hyperparameters.
        machine: how this machine trains.
        standardize: maps raw images, ``(n, height, width)`` float32, to the input of the network.
        examples: the images to fit.
        seed: of the recipe.
        strategy: of the devices.

    Raises:
        TrainingError: a batch has fewer images than there are devices, or the images do not fit
            into a device's memory.
    """

    def __init__(
        self,
        network: Network,
        training: Training,
        machine: Machine,
        standardize: Callable[[tf.Tensor], tf.Tensor],
        examples: Examples,
        seed: int,
        strategy: tf.distribute.Strategy,
    ) -> None:
        super().__init__()
        self._network = network
        self._training = training
        self._standardize = standardize
        self._seed = seed
        self._strategy = strategy
        self._dtype = tf.as_dtype(machine.precision)
        self._count = len(examples.chosen)
        self._steps = -(-self._count // training.batch_size)
        self._check_shares()
        try:
            self._batches = batches(examples, machine.input)
        except tf.errors.ResourceExhaustedError:
            raise TrainingError(
                f"{self._count} images do not fit into the memory of the device; set machine.input "
                "to stream."
            ) from None
        self._labels = tf.constant(examples.labels[examples.chosen], tf.int32)
        with strategy.scope():
            self._optimizer = Adam(network.weights, training)
            self._scale = LossScale() if machine.precision == "float16" else None
            self._average = (
                WeightAverage(network.saved, training.averaging, self._steps * training.epochs)
                if training.averaging
                else None
            )
        self._max_pool = max_pool_by_slices if machine.jit_compile else tf.nn.max_pool2d
        self._compute = tf.function(self._gradients, jit_compile=machine.jit_compile)

    @property
    def state(self) -> list[tf.Variable]:
        """The variables that an epoch needs from the earlier ones, besides the weights."""
        parts = (self._optimizer, self._scale, self._average)
        return [variable for part in parts if part for variable in part.state]

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
        if self._average:
            self._average.begin_epoch()
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
        if self._average:
            self._average.end_epoch()
        return float(total) / self._steps

    def _is_sound(self) -> bool:
        if self._scale and self._scale.factor < 1:
            return False
        return all(np.isfinite(variable).all() for variable in self._network.saved + self.state)

    def _diverged(self, what: str, epoch: int, batch: int) -> NoReturn:
        rate = self._learning_rate(tf.constant(epoch * self._steps + batch))
        raise DivergedError(
            f"{what} {batch + 1} of {self._steps} in epoch {epoch + 1}, at a learning rate of "
            f"{float(rate):.3g}, is infinite or not a number; lower training.learning_rate."
        )

    @tf.function
    def _run_epoch(self, epoch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the batches' total loss, and the number of batches for which it is finite."""
        order = tf.range(self._count)
        if self._training.shuffle:
            order = stateless_shuffle(order, self._seeds(_SHUFFLE, epoch))
        size = self._training.batch_size
        images = self._batches.epoch(order, size)
        total, finite, batch = tf.constant(0.0), tf.constant(0), tf.constant(0)
        while batch < self._steps:
            positions = order[batch * size : (batch + 1) * size]
            total += self._step(images(positions), positions, epoch * self._steps + batch)
            finite += tf.cast(tf.math.is_finite(total), tf.int32)
            batch += 1
        return total, finite

    def _step(self, images: tf.Tensor, positions: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        augmentation = self._training.augmentation
        images = tf.cast(images, tf.float32)
        distorted = distort(
            images, augmentation, self._seeds(_AFFINE, step), self._seeds(_ELASTIC, step)
        )
        labels = tf.gather(self._labels, positions)
        losses = self._strategy.run(self._take_share, (distorted, labels, step))
        loss: tf.Tensor = self._strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)
        return loss

    def _take_share(self, images: tf.Tensor, labels: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Take a step on one device's share of a batch; return the share's part of the loss."""
        replica = tf.distribute.get_replica_context()
        count, index = replica.num_replicas_in_sync, replica.replica_id_in_sync_group
        images, labels, size = images[index::count], labels[index::count], tf.shape(images)[0]
        loss: tf.Tensor
        loss, gradients = self._compute(images, labels, size, step, index)
        gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        if self._scale is None or self._scale.update(gradients):
            self._optimizer.apply(gradients, self._learning_rate(step), step)
        if self._average:
            self._average.update(step)
        return loss

    def _gradients(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        size: tf.Tensor,
        step: tf.Tensor,
        index: tf.Tensor,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return these images' part of the batch's mean loss, and its gradients."""
        with tf.GradientTape() as tape:
            logits = self._network(
                self._standardize(images),
                self._seeds(_DROPOUT, step, index),
                self._dtype,
                self._max_pool,
            )
            losses = cross_entropy(logits, labels, self._training.label_smoothing)
            loss = tf.reduce_sum(losses) / tf.cast(size, tf.float32)
            scaled = loss * self._scale.factor if self._scale else loss
        gradients = cast("list[tf.Tensor]", tape.gradient(scaled, self._network.weights))
        if self._scale:
            gradients = [gradient / self._scale.factor for gradient in gradients]
        return loss, gradients

    def _learning_rate(self, step: tf.Tensor) -> tf.Tensor:
        return learning_rate(self._training, step, self._steps * self._training.epochs)

    def _seeds(self, stream: int, counter: tf.Tensor, index: tf.Tensor | int = 0) -> tf.Tensor:
        """Return a seed, ``(2,)`` int64, unique for each stream, device and epoch or step."""
        first = self._seed + (stream << 32) + tf.cast(index, tf.int64) * (1 << 40)
        return tf.stack([first, tf.cast(counter, tf.int64)])

    def _check_shares(self) -> None:
        size, devices = self._training.batch_size, self._strategy.num_replicas_in_sync
        smallest = min(size, self._count - (self._steps - 1) * size)
        if smallest < devices:
            raise TrainingError(
                f"training.batch_size: expected batches of at least {devices} images, one for each "
                f"device, found one of {smallest}; choose another size."
            )
