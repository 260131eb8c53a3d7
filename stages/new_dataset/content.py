"""Bring images and labels of any origin into the form that the pipeline takes."""

from typing import NamedTuple

import numpy as np

from stages.dataset.labels import class_numbers
from stages.dataset.splitting import draw
from stages.shared.artifacts import Array
from stages.shared.errors import UserError

_COLOURS = 3


class ContentError(UserError):
    """Images or labels cannot be brought into that form."""


class Set(NamedTuple):
    """Images, and the class of each."""

    images: Array
    """``(n, height, width)`` or ``(n, height, width, 3)``, of a type that IDX has."""
    labels: Array
    """``(n,)``; any integers until ``numbered``, which makes them numbers of classes."""


def as_set(images: Array, labels: Array, column: int) -> Set:
    """Return images as IDX files can hold them, with the labels of a column.

    Raises:
        ContentError: images or labels have another form, or differ in number.
    """
    found = Set(idx_images(images), label_column(labels, column))
    if len(found.images) != len(found.labels):
        raise ContentError(
            f"expected a label for each of the {len(images)} images, found {len(labels)}."
        )
    return found


def idx_images(images: Array) -> Array:
    """Return images as IDX files can hold them.

    Args:
        images: ``(n, height, width)``, with 1 or 3 colours on a fourth axis, or ``(n, pixels)`` of
            square images; of any real type.

    Returns:
        ``(n, height, width)``, or ``(n, height, width, 3)`` unless all colours are greys; uint8,
        int8, int16, int32, float32 or float64.

    Raises:
        ContentError: they have another shape or type.
    """
    if images.ndim == 2:  # noqa: PLR2004 - the shapes of the docstring
        side = round(images.shape[1] ** 0.5)
        images = images.reshape(len(images), side, -1) if side**2 == images.shape[1] else images
    colours = images.shape[3:]
    if colours in {(1,), (_COLOURS,)} and (images == images[..., :1]).all():
        images, colours = images[..., 0], ()
    is_possible = images.ndim >= 3 and colours in {(), (_COLOURS,)}  # noqa: PLR2004
    if not is_possible or 0 in images.shape or images.dtype.kind not in "buif":
        shape = " x ".join(map(str, images.shape))
        raise ContentError(
            "expected images as numbers, count x height x width, with 1 or 3 colours as a fourth "
            f"dimension, found {shape} {images.dtype}."
        )
    return images.astype(_idx_type(images), copy=False)


def _idx_type(images: Array) -> str:
    kind, low, high = images.dtype.kind, images.min(), images.max()
    if kind == "b":
        return "uint8"
    if kind == "f":
        return "float64" if images.dtype.itemsize > 4 else "float32"  # noqa: PLR2004 - bytes
    for name in ("uint8", "int32") if kind == "u" else ("int8", "int16", "int32"):
        limits = np.iinfo(name)
        if limits.min <= low and high <= limits.max:
            return name
    raise ContentError(f"expected pixels that fit into 32 bits, found {low} to {high}.")


def label_column(labels: Array, column: int) -> Array:
    """Return labels in one dimension: those themselves, or a column of a table.

    Raises:
        ContentError: they are no integers, or the table has no such column.
    """
    if labels.ndim == 2:  # noqa: PLR2004 - a table
        if not 0 <= column < labels.shape[1]:
            raise ContentError(
                f"expected a column of labels from 0 to {labels.shape[1] - 1}, found {column}."
            )
        labels = labels[:, column]
    whole = labels.dtype.kind in "biu" or (labels.dtype.kind == "f" and (labels % 1 == 0).all())
    if labels.ndim != 1 or not whole:
        shape = " x ".join(map(str, labels.shape))
        raise ContentError(f"expected labels as integers, found {shape} {labels.dtype}.")
    return labels.astype(np.int64)


def numbered(train: Set, test: Set) -> tuple[Set, Set, list[int]]:
    """Number the classes from 0, in the order of their labels.

    Returns:
        Both sets, and the label that each class had.

    Raises:
        ContentError: there is only one class, or one without training images, or the sets have
            images of different sizes.
    """
    if {train.images.ndim, test.images.ndim} == {3, 4}:
        train, test = map(_in_colour, (train, test))
    sizes = {" x ".join(map(str, one.images.shape[1:])) for one in (train, test)}
    if len(sizes) > 1:
        raise ContentError(f"expected images of one size, found {' and '.join(sorted(sizes))}.")
    values = np.unique(np.concatenate([train.labels, test.labels]))
    if len(values) < 2:  # noqa: PLR2004
        raise ContentError(f"expected at least 2 classes, found {len(values)}.")
    missing = np.setdiff1d(values, train.labels)
    if len(missing):
        raise ContentError(f"expected training images of every class, found none of {missing[0]}.")
    train, test = (
        one._replace(labels=class_numbers(one.labels, values.tolist())) for one in (train, test)
    )
    return train, test, values.tolist()


def _in_colour(whole: Set) -> Set:
    """Return a set of grey images with three equal channels; others stay as they are."""
    if whole.images.ndim == 4:  # noqa: PLR2004 - has channels
        return whole
    return whole._replace(images=np.repeat(whole.images[..., np.newaxis], _COLOURS, axis=-1))


def held_out(whole: Set, share: float) -> tuple[Set, Set]:
    """Divide a set into training and test images, in which each class keeps its share.

    Args:
        whole: the set.
        share: of the test images, from 0 to 1.

    Raises:
        SplitError: too few images, in all or of one class.
    """
    count = len(whole.labels)
    train = count - max(1, round(share * count))
    parts = draw(np.arange(count), whole.labels, train, 1, "a test set of its own")
    first, second = (Set(whole.images[rows], whole.labels[rows]) for rows in parts)
    return first, second
