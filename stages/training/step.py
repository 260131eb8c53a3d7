"""Take one training step: distort a batch, compute its loss and gradients, change the weights."""

from typing import cast

import tensorflow as tf

from stages.model.machines import local_devices
from stages.model.network import Network
from stages.model.pooling import max_pool_by_slices
from stages.model.preprocessing import Preprocessing
from stages.model.share import Share
from stages.params.machine import Machine
from stages.params.training import Training
from stages.training.augmentation import distort
from stages.training.averaging import WeightAverage
from stages.training.loss import cross_entropy
from stages.training.loss_scale import LossScale
from stages.training.optimizer import Adam, learning_rate
from stages.training.outliers import Outliers
from stages.training.seeds import Stream, seeds


class Step(tf.Module):
    """Changes a network's weights by the gradients of a batch's loss.

    With several devices, each computes a share of the batch, and all take the same step.

    Args:
        network: whose weights change; created in the scope of the strategy.
        training: the recipe's hyperparameters.
        machine: how this machine trains.
        preprocessing: of the images.
        outliers: are added to each batch.
        seed: of the recipe.
        strategy: of the devices.
        steps: of the whole training.
    """

    def __init__(
        self,
        network: Network,
        training: Training,
        machine: Machine,
        preprocessing: Preprocessing,
        outliers: Outliers,
        seed: int,
        strategy: tf.distribute.Strategy,
        steps: int,
    ) -> None:
        super().__init__()
        self._network = network
        self._training = training
        self._preprocessing = preprocessing
        self._seed = seed
        self._strategy = strategy
        self._steps = steps
        self._dtype = tf.as_dtype(machine.precision)
        self._outliers = outliers
        with strategy.scope():
            self._optimizer = Adam(network.weights, training)
            self.scale = LossScale() if machine.precision == "float16" else None
            self.average = (
                WeightAverage(network.saved, training.averaging, steps)
                if training.averaging
                else None
            )
        self._max_pool = max_pool_by_slices if machine.jit_compile else tf.nn.max_pool2d
        # Devices cannot exchange a batch's statistics within a function of its own.
        alone = strategy.num_replicas_in_sync == 1 or machine.jit_compile
        self._compute = (
            tf.function(self._gradients, jit_compile=machine.jit_compile, autograph=False)
            if alone
            else self._gradients
        )

    @property
    def state(self) -> list[tf.Variable]:
        """The variables that a step needs from the earlier ones, besides the weights."""
        parts = (self._optimizer, self.scale, self.average)
        return [variable for part in parts if part for variable in part.state]

    def __call__(
        self, images: tf.Tensor, labels: tf.Tensor, step: tf.Tensor, total: tf.Tensor
    ) -> tf.Tensor:
        """Take the step, in a graph.

        Args:
            images: this machine's share of the batch, ``(n, height, width)`` or
                ``(n, height, width, 3)``, raw, of any real dtype.
            labels: ``(n,)`` int32.
            step: ``()`` int32, 0 for the very first step.
            total: ``()`` int32, the number of images in the whole batch.

        Returns:
            ``()`` float32, the mean loss of the batch.
        """
        losses = self._strategy.run(self._take_share, (images, labels, step, total))
        loss: tf.Tensor = self._strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)
        return loss

    def learning_rate(self, step: tf.Tensor) -> tf.Tensor:
        """Return the learning rate of a step, ``()`` float32."""
        return learning_rate(self._training, step, self._steps)

    def _take_share(
        self, images: tf.Tensor, labels: tf.Tensor, step: tf.Tensor, total: tf.Tensor
    ) -> tf.Tensor:
        """Take a step on one device's share of a batch; return the share's part of the loss."""
        replica = tf.distribute.get_replica_context()
        index, here = replica.replica_id_in_sync_group, local_devices(self._strategy)
        images, labels = images[index % here :: here], labels[index % here :: here]
        share = Share(index, replica.num_replicas_in_sync, total)
        # Outliers are distorted too: otherwise a sharp edge would tell them from the images.
        ink, labels, share = self._outliers.added(
            self._preprocessing.ink(images), labels, share, step
        )
        distorted = distort(
            ink,
            self._training.augmentation,
            seeds(self._seed, Stream.AFFINE, step),
            seeds(self._seed, Stream.ELASTIC, step),
            share,
        )
        loss: tf.Tensor
        loss, gradients = self._compute(distorted, labels, step, share)
        gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, gradients)

        def apply() -> bool:
            self._optimizer.apply(gradients, self.learning_rate(step), step)
            return True

        if self.scale:
            # tf.cond needs branches that return the same type; what they return is not used.
            tf.cond(self.scale.update(gradients), apply, lambda: False)
        else:
            apply()
        if self.average:
            self.average.update(step)
        return loss

    def _gradients(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        step: tf.Tensor,
        share: Share,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return these images' part of the batch's mean loss, and its gradients.

        The background of the images is 0.
        """
        with tf.GradientTape() as tape:
            logits = self._network(
                self._preprocessing.standardize(images),
                seeds(self._seed, Stream.DROPOUT, step),
                self._dtype,
                self._max_pool,
                share,
                step,
            )
            losses = cross_entropy(logits, labels, self._training.label_smoothing)
            loss = tf.reduce_sum(losses) / tf.cast(share.total, tf.float32)
            scaled = loss * self.scale.factor if self.scale else loss
        gradients = cast("list[tf.Tensor]", tape.gradient(scaled, self._network.weights))
        if self.scale:
            gradients = [gradient / self.scale.factor for gradient in gradients]
        return loss, gradients
