"""List the checks of a data set, each with the number that decides it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.dataset.facts import Facts
from stages.params.dataset import Expectations
from stages.shared.artifacts import Array

SETS = {"train": "training", "test": "test"}
# A check names only the first unexpected images.
_MOST_NAMED = 20


class Unexpected(NamedTuple):
    """The images that do not meet an expectation."""

    images: int
    share: float | None
    """From 0 to 1, of those that can be checked; None if there are none."""
    first: list[int]
    """Indices into the set."""


class Check(NamedTuple):
    """An expectation about one set: its texts, and the number that is checked."""

    name: str
    description: str
    expected: str
    observed: str
    value: float
    low: float
    high: float
    unexpected: Unexpected | None = None


def checks(
    split: str, facts: Facts, bounds: Expectations, classes: Sequence[str]
) -> Iterator[Check]:
    """List the checks of a set.

    Args:
        split: ``train`` or ``test``.
        facts: of the set.
        bounds: the expectations of the data set.
        classes: the name of each class; a label is an index into them.
    """
    count = bounds.train_images if split == "train" else bounds.test_images
    for noun, found in (("image", facts.minimum), ("label", facts.labels)):
        yield Check(
            f"{noun}-count",
            f"The {SETS[split]} set has {count:,} {noun}s.",
            f"{count:,}",
            f"{len(found):,}",
            value=len(found),
            low=count,
            high=count,
        )
    yield from _sizes(facts, bounds)
    yield from _labels(split, facts.labels, bounds, classes)
    yield from _pixels(facts, bounds)
    yield from _flags(split, facts, bounds)


def _sizes(facts: Facts, bounds: Expectations) -> Iterator[Check]:
    for name, adjective, found, size in (
        ("height", "high", facts.height, bounds.height),
        ("width", "wide", facts.width, bounds.width),
    ):
        yield _of_images(
            name,
            f"Every image is {size} pixels {adjective}.",
            f"{size}",
            f"{found}" if len(facts.minimum) else "none",
            np.full(len(facts.minimum), found != size),
        )


def _labels(
    split: str, labels: Array, bounds: Expectations, classes: Sequence[str]
) -> Iterator[Check]:
    last = len(classes) - 1
    yield _of_images(
        "label-domain",
        "Every label is the number of a class.",
        f"0 to {last}",
        _range(labels),
        (labels < 0) | (labels > last),
    )
    present, counts = np.unique(labels, return_counts=True)
    absent = [name for number, name in enumerate(classes) if number not in present]
    excepted = bounds.absent_from_test if split == "test" else ()
    yield Check(
        "every-class",
        f"Every class occurs: {', '.join(name for name in classes if name not in excepted)}.",
        f"{', '.join(excepted) or 'none'} absent",
        f"{', '.join(absent) or 'none'} absent",
        value=len(set(absent).difference(excepted)),
        low=0,
        high=0,
    )
    low, high = bounds.class_share_minimum, bounds.class_share_maximum
    shares = counts / max(len(labels), 1)
    expected = " to ".join(dict.fromkeys((_percent(low), _percent(high))))
    yield _of_images(
        "class-share",
        f"Each class has {expected} of the labels.",
        expected,
        _shares(present, shares, classes),
        np.isin(labels, present[(shares < low) | (shares > high)]),
    )


def _pixels(facts: Facts, bounds: Expectations) -> Iterator[Check]:
    missing = np.isnan(facts.minimum)
    yield _of_images(
        "pixels-present",
        "No image has a pixel that is not a number.",
        "0 images",
        f"{missing.sum():,} images",
        missing,
    )
    yield _of_images(
        "pixel-minimum",
        f"No pixel is below {_number(bounds.pixel_minimum)}.",
        f"{_number(bounds.pixel_minimum)} or more",
        _number(pd.Series(facts.minimum).min()),
        facts.minimum < bounds.pixel_minimum,
        ~missing,
    )
    yield _of_images(
        "pixel-maximum",
        f"No pixel is above {_number(bounds.pixel_maximum)}.",
        f"{_number(bounds.pixel_maximum)} or less",
        _number(pd.Series(facts.maximum).max()),
        facts.maximum > bounds.pixel_maximum,
        ~missing,
    )


def _flags(split: str, facts: Facts, bounds: Expectations) -> Iterator[Check]:
    flags = [
        ("blank", "blank, with all pixels equal", facts.blank, bounds.blank_share),
        (
            "duplicate",
            "the same as an earlier one, pixel for pixel",
            facts.duplicate,
            bounds.duplicate_share,
        ),
    ]
    if split == "test":
        meaning = "in the training set too, pixel for pixel"
        flags.append(("leaked", meaning, facts.leaked, bounds.leaked_share))
    for name, meaning, found, share in flags:
        amount = f"At most {_percent(share)} of the images are" if share else "No images are"
        yield _of_images(
            name,
            f"{amount} {meaning}.",
            f"at most {_percent(share)}" if share else "0 images",
            f"{found.sum():,} images",
            found,
            share=share,
        )


def _of_images(
    name: str,
    description: str,
    expected: str,
    observed: str,
    unexpected: Array,
    checked: Array | None = None,
    share: float = 0,
) -> Check:
    """Expect of no image, or at most of a share of them, that it is unexpected.

    Args:
        name: as of ``Check``, like the three texts that follow.
        description: see there.
        expected: see there.
        observed: see there.
        unexpected: ``(n,)`` bool.
        checked: ``(n,)`` bool, the images that can be checked; None means all.
        share: from 0 to 1.
    """
    whole = len(unexpected) if checked is None else int(checked.sum())
    count = int(unexpected.sum())
    part = count / whole if whole else None
    first: list[int] = np.flatnonzero(unexpected)[:_MOST_NAMED].tolist()
    return Check(
        name,
        description,
        expected,
        observed,
        value=part or 0,
        low=0,
        high=share,
        unexpected=Unexpected(count, part, first),
    )


def _range(values: Array) -> str:
    ends = dict.fromkeys((values.min(), values.max())) if len(values) else ()
    return " to ".join(map(_number, ends)) or "none"


def _number(value: float) -> str:
    # For a column without values, pandas returns a missing value.
    return "none" if pd.isna(value) else f"{float(value):,.10g}"


def _shares(present: Array, shares: Array, classes: Sequence[str]) -> str:
    if not len(present):
        return "no labels"
    order = np.argsort(shares, kind="stable")
    low, high = order[0], order[-1]
    if shares[low] == shares[high]:
        return f"{_percent(shares[low])} each"
    known = dict(enumerate(classes))
    return " to ".join(
        f"{_percent(shares[end])} ({known.get(present[end], present[end])})" for end in (low, high)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.6g} %"
