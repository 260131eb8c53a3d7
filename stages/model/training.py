"""One epoch of training as one call of a graph."""

import math
from collections.abc import Callable
from typing import cast

import tensorflow as tf

from stages.artifacts import Array
from stages.errors import UserError
from stages.model.augmentation import distort
from stages.model.network import Network
from stages.model.optimizer import Adam, learning_rate
from stages.sections import Training

stateless_shuffle = tf.random.experimental.stateless_shuffle  # type: ignore[attr-defined]

# Streams of random numbers, each with seeds of its own; the network's first weights take stream 0.
_SHUFFLE, _DROPOUT, _AUGMENTATION = 1, 2, 3


class TrainingError(UserError):
    """The training cannot go on."""


class Trainer(tf.Module):
    """Fits a network to some images, epoch by epoch.

    Every random number follows from the seed, the epoch and the step, so that an epoch needs
    nothing of the earlier ones but the weights and the optimizer's state.

    Args:
        network: whose weights change.
        training: the recipe's hyperparameters.
        standardize: maps raw images, ``(n, height, width)`` float32, to what the network takes.
        images: ``(n, height, width)``, raw, of any real dtype.
        labels: ``(n,)`` integers.
        seed: of the recipe.
    """

    def __init__(
        self,
        network: Network,
        training: Training,
        standardize: Callable[[tf.Tensor], tf.Tensor],
        images: Array,
        labels: Array,
        seed: int,
    ) -> None:
        super().__init__()
        self._network = network
        self._training = training
        self._standardize = standardize
        self._images = tf.constant(images)
        self._labels = tf.constant(labels, tf.int32)
        self._seed = seed
        self.optimizer = Adam(network.weights, training)
        self._steps = -(-len(images) // training.batch_size)

    def run_epoch(self, epoch: int) -> float:
        """Take one step for each batch of the images, the last of which may be smaller.

        Args:
            epoch: 0 for the first.

        Returns:
            The mean over the batches of their mean loss.

        Raises:
            TrainingError: a batch's loss is infinite or not a number; no further step was taken.
        """
        total, taken = self._run_epoch(tf.constant(epoch))
        if not math.isfinite(total):
            rate = self._learning_rate(tf.constant(epoch * self._steps + int(taken) - 1))
            raise TrainingError(
                f"the loss of step {int(taken)} of {self._steps} in epoch {epoch + 1}, at a "
                f"learning rate of {float(rate):.3g}, is {float(total)}: expected a finite number; "
                "lower training.learning_rate."
            )
        return float(total) / self._steps

    @tf.function
    def _run_epoch(self, epoch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Give the sum of the batches' losses and how many there were, up to one not finite."""
        order = tf.range(tf.shape(self._labels)[0])
        if self._training.shuffle:
            order = stateless_shuffle(order, self._seeds(_SHUFFLE, epoch))
        size = self._training.batch_size
        total, batch = tf.constant(0.0), tf.constant(0)
        while batch < self._steps and tf.math.is_finite(total):
            rows = order[batch * size : (batch + 1) * size]
            total += self._step(rows, epoch * self._steps + batch)
            batch += 1
        return total, batch

    def _step(self, rows: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        images = tf.cast(tf.gather(self._images, rows), tf.float32)
        images = distort(images, self._training.augmentation, self._seeds(_AUGMENTATION, step))
        with tf.GradientTape() as tape:
            logits = self._network(
                self._standardize(images), dropout_seed=self._seeds(_DROPOUT, step)
            )
            loss = cross_entropy(
                logits, tf.gather(self._labels, rows), self._training.label_smoothing
            )
        gradients = cast("list[tf.Tensor]", tape.gradient(loss, self._network.weights))
        self.optimizer.apply(gradients, self._learning_rate(step), step)
        return loss

    def _learning_rate(self, step: tf.Tensor) -> tf.Tensor:
        return learning_rate(self._training, step, self._steps * self._training.epochs)

    def _seeds(self, stream: int, counter: tf.Tensor) -> tf.Tensor:
        return tf.stack(
            [tf.constant(self._seed + (stream << 32), tf.int64), tf.cast(counter, tf.int64)]
        )


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tf.Tensor:
    """Compute the mean softmax cross-entropy with labels smoothed towards the uniform distribution.

    Szegedy and others, "Rethinking the Inception Architecture for Computer Vision" (2016), section
    7.

    Args:
        logits: ``(n, classes)`` float32.
        labels: ``(n,)`` int32 from 0 to ``classes - 1``.
        smoothing: share of each label that is spread over all classes, from 0 to 1.

    Returns:
        ``()`` float32, in nats.
    """
    classes = cast("int", logits.shape[-1])
    spread = smoothing / classes
    targets = tf.one_hot(labels, classes, on_value=1 - smoothing + spread, off_value=spread)
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
