"""Gather facts about each image of a data set, for the expectations."""

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from stages.shared.artifacts import Array

# Copy images from a memory-mapped file one block at a time, to save memory.
BLOCK = 4096
DIGEST_BYTES = 16
"""Long enough that two different images of a data set do not have the same digest."""


def gather(arrays: Mapping[str, Array]) -> pd.DataFrame:
    """Gather the facts of both sets.

    Args:
        arrays: ``train_images`` and ``test_images``, ``(n, height, width)`` or
            ``(n, height, width, 3)`` of any real dtype, and ``train_labels`` and ``test_labels``,
            ``(n,)`` integers. The counts of images and labels of a set may differ.

    Returns:
        One row for each image, the training set first. Where a set has more images than labels, or
        more labels than images, the values of the other half are missing in its row.

        - ``split``, str: ``train`` or ``test``
        - ``index``, int64: position in its set, from 0
        - ``label``, Int64
        - ``height``, ``width``, Int64: pixels
        - ``pixel_minimum``, ``pixel_maximum``, float64: NaN if any pixel is NaN
        - ``blank``, boolean: all pixels are equal
        - ``digest``, str: of the pixels' bytes
        - ``duplicate``, boolean: an earlier image of its set is the same
        - ``leaked``, boolean: a test image that is a training image
        - ``class_share``, float64: share of its label in its set, 0 to 1
    """
    train = _images(arrays["train_images"])
    test = _images(arrays["test_images"])
    train["leaked"] = False
    test["leaked"] = test["digest"].isin(train["digest"])
    return pd.concat(
        [
            _joined("train", train, _labels(arrays["train_labels"])),
            _joined("test", test, _labels(arrays["test_labels"])),
        ],
        ignore_index=True,
    )


def _images(images: Array) -> pd.DataFrame:
    count, height, width = images.shape[:3]
    minimum, maximum = np.empty(count), np.empty(count)
    digests: list[str] = []
    for start in range(0, count, BLOCK):
        block = np.ascontiguousarray(images[start : start + BLOCK])
        block = block.reshape(len(block), -1)
        minimum[start : start + BLOCK] = block.min(axis=1)
        maximum[start : start + BLOCK] = block.max(axis=1)
        digests += [
            hashlib.blake2b(row.data, digest_size=DIGEST_BYTES).hexdigest() for row in block
        ]
    facts = pd.DataFrame(
        {
            "height": height,
            "width": width,
            "pixel_minimum": minimum,
            "pixel_maximum": maximum,
            "blank": minimum == maximum,
            "digest": pd.Series(digests, dtype="str"),
        },
        index=range(count),
    )
    facts["duplicate"] = facts["digest"].duplicated()
    return facts


def _labels(labels: Array) -> pd.DataFrame:
    facts = pd.DataFrame({"label": np.asarray(labels).astype(np.int64)})
    facts["class_share"] = facts.groupby("label")["label"].transform("size") / len(facts)
    return facts


def _joined(
    split: Literal["train", "test"], images: pd.DataFrame, labels: pd.DataFrame
) -> pd.DataFrame:
    facts = labels.join(images, how="outer").rename_axis("index").reset_index()
    facts.insert(0, "split", split)
    whole_numbers = dict.fromkeys(("label", "height", "width"), "Int64")
    results = dict.fromkeys(("blank", "duplicate", "leaked"), "boolean")
    return facts.astype(whole_numbers | results)
