"""Choose which training images are fitted and which validate."""

from typing import Literal

import numpy as np
from sklearn.model_selection import train_test_split

from stages.artifacts import Array
from stages.errors import UserError


class SplitError(UserError):
    """The training images cannot be split as asked."""


def split(
    labels: Array, strategy: Literal["tail", "stratified"], validation_images: int, seed: int
) -> dict[str, Array]:
    """Split the training images into two sets of indices, each in ascending order.

    Args:
        labels: ``(n,)`` integers, the class of each training image.
        strategy: ``tail`` takes the last images for validation; ``stratified`` draws them at
            random so that each class keeps its share.
        validation_images: how many validate, at least 1 and fewer than ``n``.
        seed: determines the draw of ``stratified``.

    Returns:
        ``fit`` and ``validation``: int64 indices into the training images, without overlap.

    Raises:
        SplitError: too few images, in all or of one class, for such a split.
    """
    count = len(labels)
    if validation_images >= count:
        raise SplitError(
            f"split.validation_images must leave images to fit: expected fewer than {count}, "
            f"found {validation_images}."
        )
    indices = np.arange(count)
    if strategy == "tail":
        return {"fit": indices[:-validation_images], "validation": indices[-validation_images:]}
    try:
        fit, validation = train_test_split(
            indices, test_size=validation_images, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise SplitError(f"a stratified split is not possible here: {error}") from error
    return {"fit": np.sort(fit), "validation": np.sort(validation)}
