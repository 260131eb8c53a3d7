"""What plots show, as plain numbers."""

import numpy as np
from numpy.typing import ArrayLike


def numbers(data: ArrayLike) -> list[float]:
    """The numbers along an axis of a line, whatever Matplotlib keeps them in."""
    found: list[float] = np.asarray(data, float).tolist()
    return found
