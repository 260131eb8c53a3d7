"""Describe a data set as an entry of ``params.yaml``, with bounds that it satisfies."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stages.dataset import facts
from stages.new_dataset.content import Set
from stages.shared.artifacts import Array
from stages.shared.blocks import blocks

# Digits of a share; bounds are rounded so that the data satisfy them.
_DIGITS = 4


def entry_of(
    title: str,
    classes: Sequence[str],
    files: Mapping[str, Path],
    sources: Sequence[Mapping[str, str]],
    labels: Mapping[str, Any],
    train: Set,
    test: Set,
) -> dict[str, Any]:
    """Describe a data set.

    Args:
        title: for people.
        classes: the name of each class.
        files: each of the four IDX files by its role, such as ``train_images``.
        sources: where to get them, as params.yaml lists them.
        labels: the expectations that say where a label's class is in the files, if any.
        train: what the files contain.
        test: as ``train``.
    """
    means = _means(train, len(classes))
    alike, other = _lookalikes(means)
    return {
        "title": title,
        "classes": list(classes),
        "files": {role: _pin(path) for role, path in files.items()},
        "sources": [dict(source) for source in sources],
        "expectations": _expectations(train, test)
        | dict(labels)
        | _absent_from_test(classes, test),
        "lookalikes": {"of": classes[alike], "resembling": classes[other]},
        "gate": {
            # Any network should do better than the nearest mean image.
            "min_accuracy": _down(_accuracy_of_means(means, test), 2),
            "min_recall": 0.0,
            "min_recalls": {},
            "max_calibration_error": 0.1,
        },
    }


def _pin(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


def _expectations(train: Set, test: Set) -> dict[str, Any]:
    found = facts.gather(
        {
            "train_images": train.images,
            "train_labels": train.labels,
            "test_images": test.images,
            "test_labels": test.labels,
        }
    )
    sets = found.values()
    shares = [
        np.unique(one.labels, return_counts=True)[1] / max(len(one.labels), 1) for one in sets
    ]
    height, width, *colours = train.images.shape[1:]
    return {
        "train_images": len(train.images),
        "test_images": len(test.images),
        "height": height,
        "width": width,
        **({"channels": colours[0]} if colours else {}),
        "pixel_minimum": _plain(min(float(one.minimum.min()) for one in sets)),
        "pixel_maximum": _plain(max(float(one.maximum.max()) for one in sets)),
        "class_share_minimum": _down(min(share.min() for share in shares), _DIGITS),
        "class_share_maximum": _up(max(share.max() for share in shares), _DIGITS),
        **{
            f"{name}_share": _up(max(getattr(one, name).mean() for one in sets), _DIGITS)
            for name in ("blank", "duplicate", "leaked")
        },
    }


def _absent_from_test(classes: Sequence[str], test: Set) -> dict[str, list[str]]:
    present = set(test.labels.tolist())
    absent = [name for number, name in enumerate(classes) if number not in present]
    return {"absent_from_test": absent} if absent else {}


def _means(train: Set, classes: int) -> Array:
    """Return the mean image of each class, flat: ``(classes, pixels)`` float64."""
    sums = np.zeros((classes, train.images[0].size))
    for block in blocks(train.images):
        pixels = train.images[block].reshape(-1, sums.shape[1]).astype(np.float64)
        np.add.at(sums, train.labels[block], pixels)
    counts = np.bincount(train.labels, minlength=classes)
    return sums / np.maximum(counts, 1)[:, np.newaxis]


def _distances(points: Array, means: Array) -> Array:
    """Return the squared distance of each point to each mean, less the point's own square."""
    distances: Array = np.square(means).sum(axis=1) - 2 * points @ means.T
    return distances


def _lookalikes(means: Array) -> tuple[int, int]:
    """Return the two classes whose mean images are nearest to each other."""
    distances = _distances(means, means) + np.square(means).sum(axis=1)[:, np.newaxis]
    np.fill_diagonal(distances, np.inf)
    first, second = np.unravel_index(distances.argmin(), distances.shape)
    return int(first), int(second)


def _accuracy_of_means(means: Array, test: Set) -> float:
    """Return the accuracy on the test images of the class whose mean image is nearest."""
    right = 0
    for block in blocks(test.images):
        pixels = test.images[block].reshape(-1, means.shape[1]).astype(np.float64)
        found = _distances(pixels, means).argmin(axis=1)
        right += int((found == test.labels[block]).sum())
    return right / len(test.images)


def _down(share: float, digits: int) -> float:
    # The shares of equal classes, such as 0.3, are not exact numbers.
    return float(math.floor(share * 10**digits + 1e-6) / 10**digits)


def _up(share: float, digits: int) -> float:
    return float(math.ceil(share * 10**digits - 1e-6) / 10**digits)


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)
