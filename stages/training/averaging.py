"""Average the weights over the end of a training."""

from collections.abc import Sequence

import tensorflow as tf

from stages.model.variables import name_of


class WeightAverage(tf.Module):
    """Averages variables over the last steps of a training, without changing the training itself.

    Izmailov and others, "Averaging Weights Leads to Wider Optima and Better Generalization" (2018),
    over every step instead of every epoch. The running statistics of batch normalization are
    averaged like the weights; the paper measures them again in a separate pass over the images.

    Args:
        variables: of the network; between epochs they hold the average, once averaging has begun.
        share: of all steps that are averaged, counted from the end; more than 0.
        steps: of the whole training.
    """

    def __init__(self, variables: Sequence[tf.Variable], share: float, steps: int) -> None:
        super().__init__()
        self._first = min(round((1 - share) * steps), steps - 1)
        self._variables = variables
        self._averages, self._trained = (
            [
                tf.Variable(variable, trainable=False, name=f"optimizer.{kind}.{name_of(variable)}")
                for variable in variables
            ]
            for kind in ("average", "trained")
        )

    @property
    def state(self) -> list[tf.Variable]:
        """The averages so far, and the values from which training continues."""
        return self._averages + self._trained

    def begin_epoch(self) -> None:
        """Restore the values from which training continues."""
        for variable, trained in zip(self._variables, self._trained, strict=True):
            variable.assign(trained)

    def end_epoch(self) -> None:
        """Save the trained values, and put the averages in their place."""
        for variable, trained, average in zip(
            self._variables, self._trained, self._averages, strict=True
        ):
            trained.assign(variable)
            variable.assign(average)

    def update(self, step: tf.Tensor) -> None:
        """Add the values after a step to the averages.

        Args:
            step: ``()`` int32, 0 for the very first step.
        """
        # Before averaging begins, the average is the newest value.
        weight = 1 / tf.cast(tf.maximum(step - self._first, 0) + 1, tf.float32)
        for variable, average in zip(self._variables, self._averages, strict=True):
            # Assign through the handle, so that each of several devices changes its own copy.
            tf.raw_ops.AssignVariableOp(
                resource=average.handle, value=average + weight * (variable - average)
            )
