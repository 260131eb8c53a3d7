"""Read recorded results, and check their format, types and columns."""

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from stages.results.models import (
    Answer,
    BinRow,
    Checks,
    ClassRow,
    DigitRow,
    EpochRow,
    HandwritingSummary,
    Metrics,
    PairRow,
    ValidatedEpochRow,
    WrongAnswer,
)
from stages.shared.formats import FormatError, parse_json
from stages.shared.tables import Line, parse_table
from stages.shared.validation import sentences

_ANSWER = ("index", "label", "predicted", "confidence")
_WRONG_ANSWER = ("index", "label", "predicted", "label_name", "predicted_name", "confidence")

AnySection = TypeVar("AnySection", bound=BaseModel)
AnyAnswer = TypeVar("AnyAnswer", bound=Answer)


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
    return _rows(content, ClassRow, ("class", "support", "precision", "recall", "f1"), least=2)


def read_pairs(content: bytes) -> list[PairRow]:
    """Read ``reports/confusion_matrix.csv``; ``FormatError`` if it is not valid."""
    return _rows(content, PairRow, ("actual", "predicted", "count"), least=4)


def read_bins(content: bytes) -> list[BinRow]:
    """Read ``reports/calibration.csv``; ``FormatError`` if it is not valid."""
    return _rows(content, BinRow, ("low", "high", "images", "confidence", "accuracy"), least=1)


def read_history(content: bytes) -> list[ValidatedEpochRow]:
    """Read ``reports/history.csv``; ``FormatError`` if it is not valid."""
    return _rows(content, ValidatedEpochRow, ("epoch", "loss", "accuracy"), least=1)


def read_retrain_history(content: bytes) -> list[EpochRow]:
    """Read ``reports/retrain_history.csv``; ``FormatError`` if it is not valid."""
    return _rows(content, EpochRow, ("epoch", "loss"), least=1)


def read_predictions(content: bytes) -> list[Answer]:
    """Read ``reports/predictions.csv``; ``FormatError`` if it is not valid."""
    return _answers(content, Answer, _ANSWER)


def read_wrong(content: bytes) -> list[WrongAnswer]:
    """Read ``reports/misclassified.csv``, which may have no rows.

    Raises:
        FormatError: it is not valid, an image is named twice, or an answer is correct.
    """
    rows = _answers(content, WrongAnswer, _WRONG_ANSWER)
    seen: set[int] = set()
    for row in rows:
        if row.index in seen:
            raise FormatError(f"expected each test image once, found image {row.index} twice")
        if row.label == row.predicted:
            raise FormatError(f"expected wrong answers, found a right one to image {row.index}")
        seen.add(row.index)
    return rows


def read_digits(content: bytes) -> list[DigitRow]:
    """Read ``reports/handwriting.csv``; ``FormatError`` if it is not valid."""
    return _rows(content, DigitRow, tuple(DigitRow.model_fields), least=0)


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


def validated(section: type[AnySection], value: Any, place: Sequence[str] = ()) -> AnySection:
    """Validate a value of JSON's types as a model.

    Args:
        section: the model.
        value: of its form.
        place: names that lead to the value in its file.

    Raises:
        FormatError: it is not valid; the message has only the first problem.
    """
    try:
        # Strict validation accepts a list for a tuple only from JSON.
        return section.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise FormatError(_first(error, place)) from None


def _first(error: ValidationError, place: Sequence[str] = ()) -> str:
    """Return only the first problem: a damaged table can have one in each of a thousand cells."""
    return sentences(error, place, most=1)


def _rows(
    content: bytes, row: type[AnySection], columns: Sequence[str], least: int
) -> list[AnySection]:
    header, lines = parse_table(content)
    if header != tuple(columns):
        raise _other_columns(columns, header)
    if len(lines) < least:
        raise FormatError(f"expected at least {least} rows, found {len(lines)}")
    return [_row(row, line, dict(zip(header, line.cells, strict=True))) for line in lines]


def _answers(content: bytes, row: type[AnyAnswer], columns: Sequence[str]) -> list[AnyAnswer]:
    header, lines = parse_table(content)
    first = len(columns)
    expected = (*columns, *(f"p{number}" for number in range(max(len(header) - first, 2))))
    if header != expected:
        raise _other_columns((*columns, "p0", "p1 and so on"), header)
    answers = [
        _row(
            row,
            line,
            {
                **dict(zip(columns, line.cells, strict=False)),
                "probabilities": line.cells[first:],
            },
        )
        for line in lines
    ]
    for answer, line in zip(answers, lines, strict=True):
        _check_answer(answer, line.number)
    return answers


def _row(row: type[AnySection], line: Line, cells: dict[str, Any]) -> AnySection:
    try:
        return row.model_validate(cells)
    except ValidationError as error:
        raise FormatError(f"line {line.number}: {_first(error)}") from None


def _check_answer(answer: Answer, number: int) -> None:
    """Check that the predicted class is a most probable one and that probabilities sum to 1."""
    classes = len(answer.probabilities)
    for what, found in (("label", answer.label), ("predicted", answer.predicted)):
        if found >= classes:
            raise FormatError(
                f"line {number}: expected {what} to be one of {classes} classes, found {found}"
            )
    best, total = max(answer.probabilities), sum(answer.probabilities)
    if not answer.confidence == answer.probabilities[answer.predicted] == best:
        raise FormatError(
            f"line {number}: expected confidence and p{answer.predicted} to be the highest "
            f"probability, {best:g}, found {answer.confidence:g} and "
            f"{answer.probabilities[answer.predicted]:g}"
        )
    # Each probability has 6 digits.
    if abs(total - 1) > 1e-6 * (classes + 1):
        raise FormatError(f"line {number}: expected probabilities that add up to 1, found {total}")


def _other_columns(expected: Sequence[str], found: Sequence[str]) -> FormatError:
    return FormatError(f"expected the columns {', '.join(expected)}, found {_listed(found)}")


def _listed(names: Sequence[str]) -> str:
    return json.dumps(", ".join(names)[:100])
