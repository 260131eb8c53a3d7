"""Implement Adam and the learning rate schedule."""

import math
from collections.abc import Sequence

import tensorflow as tf

from stages.model.variables import name_of
from stages.params.training import Training


class Adam(tf.Module):
    """Adam with TensorFlow's placement of epsilon, and decoupled weight decay.

    Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), the efficient form at the
    end of section 2; Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019),
    algorithm 2, applied only to kernels.
    """

    def __init__(self, variables: Sequence[tf.Variable], training: Training) -> None:
        super().__init__()
        self._training = training
        self._variables = variables
        self._means, self._squares = (
            [
                tf.Variable(tf.zeros_like(variable), name=f"optimizer.{moment}.{name_of(variable)}")
                for variable in variables
            ]
            for moment in ("mean", "square")
        )

    @property
    def state(self) -> list[tf.Variable]:
        """The running means of the gradients and their squares, which training continues from."""
        return self._means + self._squares

    def apply(
        self, gradients: Sequence[tf.Tensor], learning_rate: tf.Tensor, step: tf.Tensor
    ) -> None:
        """Change the variables by one step.

        Args:
            gradients: one for each variable, of its shape, float32.
            learning_rate: ``()`` float32.
            step: ``()`` int32, 0 for the very first step.
        """
        count = tf.cast(step + 1, tf.float32)
        for variable, mean, square, gradient in zip(
            self._variables, self._means, self._squares, gradients, strict=True
        ):
            if self._training.weight_decay and variable.shape.rank > 1:
                # Assign through the handle, so that each of several devices changes its own copy.
                tf.raw_ops.AssignSubVariableOp(
                    resource=variable.handle,
                    value=learning_rate * self._training.weight_decay * variable,
                )
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=tf.pow(self._training.beta_1, count),
                beta2_power=tf.pow(self._training.beta_2, count),
                lr=learning_rate,
                beta1=self._training.beta_1,
                beta2=self._training.beta_2,
                epsilon=self._training.epsilon,
                grad=gradient,
            )


def learning_rate(training: Training, step: tf.Tensor, steps: int) -> tf.Tensor:
    """Compute the learning rate of a step: a linear rise from 0, then the decay to 0.

    With both, this is the one-cycle policy of Smith and Topin, "Super-Convergence" (2018). Each
    step uses the rate at its middle, so that no step has a rate of 0.

    Args:
        training: ``learning_rate`` (the highest), ``warmup`` (share of all steps) and ``decay``.
        step: ``()`` int32, 0 for the very first step.
        steps: of the whole training; later steps keep the rate of the last.

    Returns:
        ``()`` float32.
    """
    progress = tf.minimum((tf.cast(step, tf.float32) + 0.5) / steps, 1 - 0.5 / steps)
    rise = progress / max(training.warmup, 0.5 / steps)
    fall = (progress - training.warmup) / max(1 - training.warmup, 0.5 / steps)
    kept = {
        "none": tf.ones_like(fall),
        "linear": 1 - fall,
        "cosine": 0.5 * (1 + tf.cos(math.pi * fall)),
    }[training.decay]
    return training.learning_rate * tf.where(progress < training.warmup, rise, kept)
