"""Convert variables to named arrays and back."""

from collections.abc import Sequence

import tensorflow as tf

from stages.shared.artifacts import Array
from stages.shared.errors import UserError


class WeightsError(UserError):
    """The weights do not belong to this network."""


def name_of(variable: tf.Variable) -> str:
    """Return the name that the variable was created with."""
    return variable.name.removesuffix(":0")


def values(variables: Sequence[tf.Variable]) -> dict[str, Array]:
    """Return each variable's value by its name."""
    return {name_of(variable): variable.numpy() for variable in variables}


def assign(variables: Sequence[tf.Variable], arrays: dict[str, Array]) -> None:
    """Assign arrays as ``values`` returns them.

    Raises:
        WeightsError: a name, shape or dtype does not match the variables; then no variable changes.
    """
    expected = {
        name_of(variable): f"{variable.dtype.as_numpy_dtype.__name__} {tuple(variable.shape)}"
        for variable in variables
    }
    found = {name: f"{array.dtype.name} {array.shape}" for name, array in arrays.items()}
    for name in [*expected, *found]:
        if expected.get(name) != found.get(name):
            raise WeightsError(
                f"the weights are not of the network in params.yaml: expected {name} to be "
                f"{expected.get(name, 'absent')}, found {found.get(name, 'absent')}; train again."
            )
    for variable in variables:
        variable.assign(arrays[name_of(variable)])
