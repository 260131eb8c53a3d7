"""Batch normalization."""

import tensorflow as tf

# Added to the variance, so that a constant channel does not divide by zero.
_EPSILON = 1e-3
# How much of the running statistics a batch leaves as it was.
_KEPT = 0.9


class BatchNormalization(tf.Module):
    """Normalizes each channel over the batch and the positions, then scales and shifts it.

    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
    Covariate Shift" (2015), algorithms 1 and 2.

    Args:
        name: of the layer that it belongs to.
        channels: how many it normalizes.
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

    def __call__(self, hidden: tf.Tensor, shift: tf.Variable, training: bool) -> tf.Tensor:
        """Normalize.

        Args:
            hidden: ``(n, height, width, channels)`` floats.
            shift: ``(channels,)`` float32, added at the end.
            training: by the batch's own statistics, which the running ones then follow; otherwise
                by the running ones.

        Returns:
            As ``hidden``.
        """
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
        if training:
            for running, measured in ((self._mean, mean), (self._variance, variance)):
                # By its handle, so that of several devices each keeps its own; the first one's is
                # saved.
                tf.raw_ops.AssignVariableOp(
                    resource=running.handle, value=_KEPT * running + (1 - _KEPT) * measured
                )
        return normalized
