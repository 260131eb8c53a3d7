"""Normalize batches."""

import tensorflow as tf

# Added to the variance, so that a constant channel does not divide by zero.
_EPSILON = 1e-3
# Share of the running statistics that a later batch leaves unchanged.
_KEPT = 0.9


class BatchNormalization(tf.Module):
    """Normalizes each channel over the batch and the positions, then scales and shifts it.

    If several devices share a batch, the statistics are of the whole batch.

    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
    Covariate Shift" (2015), algorithms 1 and 2.

    Args:
        name: of the layer that it belongs to.
        channels: the number of channels.
    """

    def __init__(self, name: str, channels: int) -> None:
        super().__init__()
        self.scale = tf.Variable(tf.ones(channels), name=f"{name}.scale")
        self._mean = tf.Variable(tf.zeros(channels), trainable=False, name=f"{name}.mean")
        self._variance = tf.Variable(tf.ones(channels), trainable=False, name=f"{name}.variance")

    @property
    def statistics(self) -> list[tf.Variable]:
        """The running mean and variance, ``(channels,)`` float32 each."""
        return [self._mean, self._variance]

    def __call__(
        self, hidden: tf.Tensor, shift: tf.Variable, step: tf.Tensor | int | None
    ) -> tf.Tensor:
        """Normalize a batch.

        Args:
            hidden: ``(n, height, width, channels)`` floats.
            shift: ``(channels,)`` float32, added at the end.
            step: ``()`` integer, 0 for the first batch, in training: use the batch's own statistics
                and update the running ones. None means to use the running ones.

        Returns:
            The normalized batch, in the shape and dtype of ``hidden``.
        """
        training = step is not None
        replica = tf.distribute.get_replica_context()
        if training and replica.num_replicas_in_sync > 1:
            normalized, mean, variance = self._normalize_together(hidden, shift, replica)
        else:
            result: tuple[tf.Tensor, ...] = tf.raw_ops.FusedBatchNormV3(
                x=hidden,
                scale=self.scale,
                offset=shift,
                mean=[] if training else self._mean,
                variance=[] if training else self._variance,
                epsilon=_EPSILON,
                is_training=training,
            )
            normalized, mean, variance, *_ = result
        if step is not None:
            # The initial values are no measurements, so the first batch replaces them, and later
            # ones weigh as if the mean had begun with it: Kingma and Ba, "Adam" (2015), section 3.
            count = tf.cast(step, tf.float32)
            kept = 1 - (1 - _KEPT) / (1 - tf.pow(_KEPT, count + 1))
            for running, measured in ((self._mean, mean), (self._variance, variance)):
                # Assign through the handle, so that each of several devices changes its own copy.
                tf.raw_ops.AssignVariableOp(
                    resource=running.handle, value=kept * running + (1 - kept) * measured
                )
        return normalized

    def _normalize_together(
        self, hidden: tf.Tensor, shift: tf.Variable, replica: tf.distribute.ReplicaContext
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Normalize a device's share of a batch by the statistics of all shares.

        Returns:
            The normalized share; the mean and the variance of the batch, ``(channels,)`` float32,
            the variance with Bessel's correction, as of the fused operation.
        """
        values = tf.cast(hidden, tf.float32)
        channels = self.scale.shape.num_elements()
        count = tf.cast(tf.size(values) / channels, tf.float32)
        sums, squares = (tf.reduce_sum(one, axis=(0, 1, 2)) for one in (values, values**2))
        together = replica.all_reduce(
            tf.distribute.ReduceOp.SUM, tf.concat([[count], sums, squares], axis=0)
        )
        count, sums, squares = tf.split(together, [1, channels, channels])
        mean = sums / count
        variance = tf.maximum(squares / count - mean**2, 0)
        normalized = (values - mean) / tf.sqrt(variance + _EPSILON) * self.scale + shift
        return tf.cast(normalized, hidden.dtype), mean, variance * count / (count - 1)
