"""Number the classes of labels."""

from collections.abc import Sequence

import numpy as np

from stages.shared.artifacts import Array
from stages.shared.errors import UserError

# With fewer classes, labels take a byte each.
_BYTE = 256


class LabelError(UserError):
    """A label is of no class."""


def class_numbers(labels: Array, values: Sequence[int]) -> Array:
    """Return the number of each label's class, from 0.

    Args:
        labels: ``(n,)`` integers.
        values: the label of each class, in the order of classes, all different.

    Returns:
        ``(n,)`` uint8, or int32 of more than 256 classes.

    Raises:
        LabelError: a label is not among ``values``.
    """
    known, places = np.unique(values, return_index=True)
    nearest = np.searchsorted(known, labels).clip(max=len(known) - 1)
    unknown = np.unique(labels[known[nearest] != labels])
    if len(unknown):
        raise LabelError(
            "expected only the labels that expectations.label_values in params.yaml lists, found "
            f"{unknown[0]}."
        )
    numbers: Array = places[nearest].astype(np.uint8 if len(known) <= _BYTE else np.int32)
    return numbers
