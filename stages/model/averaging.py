"""The mean of the weights over the end of a training."""

from collections.abc import Sequence

import tensorflow as tf

from stages.model.variables import name_of


class WeightAverage(tf.Module):
    """Averages variables over the last steps of a training, which goes on from their own values.

    Izmailov and others, "Averaging Weights Leads to Wider Optima and Better Generalization" (2018),
    of every step instead of every epoch. The running statistics of batch normalization are averaged
    as the weights are, which spares the pass over the images that measures them anew there.

    Args:
        variables: of the network; between epochs they hold the average, once it has begun.
        share: of all steps, at the end, that are averaged; more than 0.
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
        """The averages so far, and the values that training goes on from."""
        return self._averages + self._trained

    def begin_epoch(self) -> None:
        """Put the values that training goes on from in place."""
        for variable, trained in zip(self._variables, self._trained, strict=True):
            variable.assign(trained)

    def end_epoch(self) -> None:
        """Put the averages in place."""
        for variable, trained, average in zip(
            self._variables, self._trained, self._averages, strict=True
        ):
            trained.assign(variable)
            variable.assign(average)

    def update(self, step: tf.Tensor) -> None:
        """Take the values after a step into the averages.

        Args:
            step: ``()`` int32, 0 for the very first step.
        """
        # Before the first step that counts, the average is the newest value.
        weight = 1 / tf.cast(tf.maximum(step - self._first, 0) + 1, tf.float32)
        for variable, average in zip(self._variables, self._averages, strict=True):
            # By its handle, so that of several devices each changes its own copy.
            tf.raw_ops.AssignVariableOp(
                resource=average.handle, value=average + weight * (variable - average)
            )
