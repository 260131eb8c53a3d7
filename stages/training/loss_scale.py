"""Scale the loss dynamically, so that small gradients do not vanish in float16."""

from collections.abc import Sequence

import tensorflow as tf

# Initial factor, and steps without an overflow before it doubles, as in Keras'
# LossScaleOptimizer.
_FIRST = 2.0**15
_STEPS = 2000


class LossScale(tf.Module):
    """A factor for the loss: halved when a gradient overflows, doubled after many good steps.

    Micikevicius and others, "Mixed Precision Training" (2018), section 3.2.
    """

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(tf.constant(_FIRST), trainable=False, name="optimizer.loss_scale")
        self._good = tf.Variable(tf.constant(0), trainable=False, name="optimizer.good_steps")

    @property
    def state(self) -> list[tf.Variable]:
        """The variables that a training needs to continue."""
        return [self.factor, self._good]

    def update(self, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
        """Adapt the factor to a step's gradients.

        A factor below 1 means that the gradients overflow even without scaling.

        Args:
            gradients: of any shapes, float32.

        Returns:
            ``()`` bool: all gradients are finite, so the step may be taken.
        """
        finite: tf.Tensor = tf.reduce_all(
            [tf.reduce_all(tf.math.is_finite(one)) for one in gradients]
        )
        good = tf.where(finite, self._good + 1, 0)
        grown = good >= _STEPS
        factor = tf.where(finite, self.factor * tf.where(grown, 2.0, 1.0), self.factor / 2)
        tf.raw_ops.AssignVariableOp(resource=self.factor.handle, value=factor)
        tf.raw_ops.AssignVariableOp(resource=self._good.handle, value=tf.where(grown, 0, good))
        return finite
