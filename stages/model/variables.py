"""Variables as named arrays, to be kept and taken over again."""

from collections.abc import Sequence

import tensorflow as tf

from stages.artifacts import Array
from stages.errors import UserError


class WeightsError(UserError):
    """Weights that do not belong to this network."""


def name_of(variable: tf.Variable) -> str:
    """Give the name that the variable was made with."""
    return variable.name.removesuffix(":0")


def values(variables: Sequence[tf.Variable]) -> dict[str, Array]:
    """Give each variable's value by its name."""
    return {name_of(variable): variable.numpy() for variable in variables}


def assign(variables: Sequence[tf.Variable], arrays: dict[str, Array]) -> None:
    """Take over what ``values`` gave.

    Raises:
        WeightsError: a name or a shape that is not these variables'; none of them has changed then.
    """
    expected = {name_of(variable): tuple(variable.shape) for variable in variables}
    found = {name: array.shape for name, array in arrays.items()}
    if expected != found:
        raise WeightsError(
            f"the weights are not of the network in params.yaml: expected {expected}, "
            f"found {found}; train it anew."
        )
    for variable in variables:
        variable.assign(arrays[name_of(variable)])
