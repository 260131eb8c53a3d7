"""Read recorded results, and check their format, types and columns."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from stages.results.answers import WrongAnswer
from stages.results.models import (
    BinRow,
    Checks,
    ClassRow,
    DigitRow,
    EpochRow,
    HandwritingSummary,
    Metrics,
    PairRow,
    ValidatedEpochRow,
)
from stages.results.rows import rows_of, validated
from stages.shared.formats import FormatError, parse_json


class Results(NamedTuple):
    """The recorded results for the test images, and for the data behind them."""

    metrics: Metrics
    checks: Checks
    classes: Sequence[ClassRow]
    pairs: Sequence[PairRow]
    bins: Sequence[BinRow]
    wrong: Sequence[WrongAnswer]


def read_metrics(content: bytes) -> Metrics:
    """Read ``reports/metrics.json``; ``FormatError`` if it is not valid."""
    return validated(Metrics, parse_json(content))


def read_checks(content: bytes) -> Checks:
    """Read ``reports/checks.json``; ``FormatError`` if it is not valid."""
    return validated(Checks, parse_json(content))


def read_classes(content: bytes) -> list[ClassRow]:
    """Read ``reports/classes.csv``; ``FormatError`` if it is not valid."""
    return rows_of(content, ClassRow, ("class", "support", "precision", "recall", "f1"), least=2)


def read_pairs(content: bytes) -> list[PairRow]:
    """Read ``reports/confusion_matrix.csv``; ``FormatError`` if it is not valid."""
    return rows_of(content, PairRow, ("actual", "predicted", "count"), least=1)


def read_bins(content: bytes) -> list[BinRow]:
    """Read ``reports/calibration.csv``; ``FormatError`` if it is not valid."""
    return rows_of(content, BinRow, ("low", "high", "images", "confidence", "accuracy"), least=1)


def read_history(content: bytes) -> list[ValidatedEpochRow]:
    """Read ``reports/history.csv``; ``FormatError`` if it is not valid."""
    return rows_of(content, ValidatedEpochRow, ("epoch", "loss", "accuracy"), least=1)


def read_retrain_history(content: bytes) -> list[EpochRow]:
    """Read ``reports/retrain_history.csv``; ``FormatError`` if it is not valid."""
    return rows_of(content, EpochRow, ("epoch", "loss"), least=1)


def read_digits(content: bytes) -> list[DigitRow]:
    """Read ``reports/handwriting.csv``; ``FormatError`` if it is not valid."""
    return rows_of(content, DigitRow, tuple(DigitRow.model_fields), least=0)


def read_handwriting(content: bytes) -> HandwritingSummary:
    """Read ``reports/handwriting.json``; ``FormatError`` if it is not valid."""
    return validated(HandwritingSummary, parse_json(content))


def read_provenance(content: bytes) -> dict[str, dict[str, Any]]:
    """Read ``models/provenance.json``: entries by training, then by the MD5 of the weights.

    Earlier versions wrote a single entry for each training, for its latest weights.

    Raises:
        FormatError: it is not valid.
    """
    found = parse_json(content)
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise FormatError("expected an entry of values by name for each training, found none")
    return found


def provenance_of(
    provenance: Mapping[str, dict[str, Any]], recorded: AbstractSet[str]
) -> dict[str, dict[str, Any]]:
    """Return the entry of each training whose weights are recorded.

    Args:
        provenance: as ``read_provenance`` returns it.
        recorded: the MD5 of each output that ``dvc.lock`` records.
    """
    found = {}
    for training, entries in provenance.items():
        if weights := recorded & entries.keys():
            found[training] = entries[min(weights)]
        elif not all(isinstance(entry, dict) for entry in entries.values()):
            found[training] = entries
    return found
