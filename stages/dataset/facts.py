"""Gather facts about the images of a data set, for the expectations."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.shared.artifacts import Array
from stages.shared.blocks import blocks


class Facts(NamedTuple):
    """Facts about a set of images, in a few bytes for each."""

    height: int
    width: int
    minimum: Array
    """``(n,)`` in the type of the pixels: of each image; NaN if any pixel is NaN."""
    maximum: Array
    """As ``minimum``."""
    blank: Array
    """``(n,)`` bool: all pixels are equal."""
    duplicate: Array
    """``(n,)`` bool: an earlier image of its set is the same."""
    leaked: Array
    """``(n,)`` bool: a test image that is a training image."""
    labels: Array
    """``(m,)`` integers; m may differ from n."""


def gather(arrays: Mapping[str, Array]) -> dict[str, Facts]:
    """Gather the facts of both sets, one block of images at a time.

    Args:
        arrays: ``train_images`` and ``test_images``, ``(n, height, width)`` or
            ``(n, height, width, 3)`` of any real dtype, and ``train_labels`` and ``test_labels``,
            ``(n,)`` integers. The counts of images and labels of a set may differ. Images may be
            memory-mapped.

    Returns:
        The facts of ``train`` and of ``test``.
    """
    measured = {name: _measured(arrays[f"{name}_images"]) for name in ("train", "test")}
    of_train = measured["train"].digests
    return {
        name: Facts(
            height=arrays[f"{name}_images"].shape[1],
            width=arrays[f"{name}_images"].shape[2],
            minimum=found.minimum,
            maximum=found.maximum,
            blank=found.minimum == found.maximum,
            duplicate=found.digests.duplicated().to_numpy(),
            leaked=found.digests.isin([] if name == "train" else of_train).to_numpy(),
            labels=arrays[f"{name}_labels"],
        )
        for name, found in measured.items()
    }


class _Measured(NamedTuple):
    minimum: Array
    maximum: Array
    digests: pd.Series
    """``(n,)`` uint64, of the bytes of each image: two of a million different images have the same
    with a probability of 3 in 100 million."""


def _measured(images: Array) -> _Measured:
    dtype = images.dtype.newbyteorder("=")
    minimum, maximum = np.empty(len(images), dtype), np.empty(len(images), dtype)
    digests = np.empty(len(images), np.uint64)
    for block in blocks(images):
        rows = np.ascontiguousarray(images[block]).reshape(block.stop - block.start, -1)
        minimum[block], maximum[block] = rows.min(axis=1), rows.max(axis=1)
        found = [
            hashlib.blake2b(row.data, digest_size=digests.itemsize).digest()
            for row in rows.view(np.uint8)
        ]
        digests[block] = np.frombuffer(b"".join(found), np.uint64)
    return _Measured(minimum, maximum, pd.Series(digests))
