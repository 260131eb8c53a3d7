"""Choose the images of each fold, and of each point of the learning curve."""

import numpy as np
from sklearn.model_selection import StratifiedKFold

from stages.dataset.splitting import SplitError, draw
from stages.shared.artifacts import Array


def folds(labels: Array, count: int, seed: int) -> list[dict[str, Array]]:
    """Divide the training images into parts, each of which validates a fit on the others.

    Args:
        labels: ``(n,)`` integers, the class of each training image; each class keeps its share.
        count: the number of parts, at least 2.
        seed: determines the draw.

    Returns:
        For each part ``fit`` and ``validation``, as ``split`` returns them.

    Raises:
        SplitError: a class has fewer images than there are parts.
    """
    smallest = np.bincount(labels)[np.unique(labels)].min()
    if smallest < count:
        raise SplitError(
            f"folds: expected at most {smallest}, the images of the smallest class, found {count}; "
            "lower it."
        )
    parts = StratifiedKFold(count, shuffle=True, random_state=seed).split(labels, labels)
    return [{"fit": fit, "validation": validation} for fit, validation in parts]


def sample(indices: Array, labels: Array, count: int, seed: int) -> Array:
    """Draw some of the images so that each class keeps its share.

    Args:
        indices: of the images to draw from.
        labels: ``(n,)`` integers, the class of every training image.
        count: the number of images to draw, at most all.
        seed: determines the draw.

    Returns:
        Their indices, in ascending order.

    Raises:
        SplitError: ``count`` is more than there are, or too few for every class.
    """
    if count == len(indices):
        return indices
    if count > len(indices):
        raise SplitError(
            f"learning_curve.images: expected at most {len(indices)}, the images that the folds "
            f"leave to fit, found {count}; lower it."
        )
    what = f"a stratified draw of {count} images"
    drawn, _ = draw(indices, labels[indices], count, seed, what)
    return drawn
