"""Define the recorded results of a run as strict models: types and ranges, no unknown fields."""

import re
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from stages.shared.section import Count, Section, Sha256, Share

BINS = 15
"""Number of bins of equal width for the calibration error, as in Guo and others (2017)."""

MOST_RANKED = 10
"""Most classes of an image whose probabilities ``predictions.csv`` has."""
SMALLEST_PROBABILITY = 2.0**-52
"""What a probability of 0 counts as in the loss; scikit-learn's ``log_loss`` has the same value."""

_MOST = 2**31 - 1
Number = Annotated[int, Field(ge=0, le=_MOST)]
Loss = Annotated[float, Field(ge=0)]


def _whole(cell: object) -> object:
    """Parse an integer in the pipeline's format; other text stays text and is refused later."""
    return int(cell) if isinstance(cell, str) and re.fullmatch(r"0|[1-9][0-9]{0,9}", cell) else cell


def _decimal(cell: object) -> object:
    """Parse a number in the pipeline's format; other text stays text and is refused later."""
    if isinstance(cell, str) and re.fullmatch(r"[0-9][0-9.e+-]{0,15}", cell):
        with suppress(ValueError):
            return float(cell) if f"{float(cell):.6g}" == cell else cell
    return cell


WholeCell = Annotated[Number, BeforeValidator(_whole)]
CountCell = Annotated[Count, BeforeValidator(_whole)]
ShareCell = Annotated[Share, BeforeValidator(_decimal)]
LossCell = Annotated[Loss, BeforeValidator(_decimal)]


class TestMetrics(Section):
    """The metrics of the answers to the test images."""

    accuracy: Share
    accuracy_low: Share
    """Lower end of the 95 % Wilson interval."""
    accuracy_high: Share
    errors: Number
    images: Count
    loss: Loss
    """Mean cross-entropy, in nats."""
    calibration_error: Share
    """Expected calibration error, from 0 to 1."""


class ValidationMetrics(Section):
    """The metrics on the validation images after the last epoch."""

    accuracy: Share


class Weights(Section):
    """The weights file of the network that answered."""

    sha256: Sha256


class Metrics(Section):
    """``reports/metrics.json``."""

    test: TestMetrics
    validation: ValidationMetrics
    weights: Weights


class Check(Section):
    """An expectation about one set of images, and its result."""

    name: Annotated[str, Field(min_length=1)]
    set: Literal["train", "test"]
    description: str
    success: bool
    expected: str
    observed: str
    unexpected_images: Number | None
    unexpected_share: Share | None
    first_unexpected: Annotated[tuple[Number, ...], Field(max_length=20)]

    @property
    def full_name(self) -> str:
        """The name with its set, unique among all checks."""
        return f"{self.set}-{self.name}"


class Checks(Section):
    """``reports/checks.json``."""

    success: bool
    failed: tuple[str, ...]
    expectations: Annotated[tuple[Check, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _summary_follows(self) -> "Checks":
        names = [check.full_name for check in self.expectations]
        failed = tuple(check.full_name for check in self.expectations if not check.success)
        for what, found, expected in (
            ("expectations", len(set(names)), len(names)),
            ("failed", ", ".join(self.failed) or "none", ", ".join(failed) or "none"),
            ("success", self.success, not failed),
        ):
            if found != expected:
                message = "{what} must be {expected} by the expectations, found {found}"
                context = {"what": what, "expected": str(expected), "found": str(found)}
                raise PydanticCustomError("summary", message, context)
        return self


class ClassRow(Section):
    """A row of ``reports/classes.csv``."""

    name: Annotated[str, Field(alias="class")]
    support: WholeCell
    """Number of images of the class."""
    precision: ShareCell
    recall: ShareCell
    f1: ShareCell


class PairRow(Section):
    """A row of ``reports/confusion_matrix.csv``."""

    actual: str
    predicted: str
    count: WholeCell


class BinRow(Section):
    """A row of ``reports/calibration.csv``: answers of similar confidence."""

    low: ShareCell
    high: ShareCell
    images: CountCell
    confidence: ShareCell
    accuracy: ShareCell


class EpochRow(Section):
    """A row of ``reports/retrain_history.csv``."""

    epoch: CountCell
    loss: LossCell


class ValidatedEpochRow(EpochRow):
    """A row of ``reports/history.csv``."""

    accuracy: ShareCell


class DigitRow(Section):
    """A row of ``reports/handwriting.csv``."""

    picture: Annotated[str, Field(pattern=r"^[^/]+$")]
    digit: CountCell
    label: str
    """Name of the class; empty if the picture's name has none."""
    predicted: str
    confidence: ShareCell
    doubt: Literal["", "not sure", "not a digit"]
    runner_up: str
    runner_up_confidence: ShareCell


class HandwritingSummary(Section):
    """``reports/handwriting.json``."""

    pictures: Number
    digits: Number
    not_sure: Number
    not_a_digit: Number
    labelled: Number
    right: Number
    accuracy: Share | None
    no_digit_found: tuple[Annotated[str, Field(pattern=r"^[^/]+$")], ...]
    unread: dict[str, str]
