"""Read the recorded answers to the test images."""

import re
from typing import Any

from stages.results.models import ShareCell, WholeCell
from stages.results.rows import other_columns, row_of
from stages.shared.formats import FormatError
from stages.shared.section import Section
from stages.shared.tables import Line, parse_table

_RANKED = ("class", "probability")
# Earlier versions wrote the probability of each class.
_EARLIER_COLUMN = re.compile(r"p\d+")


class Answer(Section):
    """The answer to a test image; classes are numbers."""

    index: WholeCell
    label: WholeCell
    predicted: WholeCell
    confidence: ShareCell
    """Probability of the predicted class, the highest one."""
    label_probability: ShareCell
    """Probability of the true class."""


class Prediction(Answer):
    """A row of ``reports/predictions.csv``."""

    next_classes: tuple[WholeCell, ...]
    """The next most probable classes, from the columns ``class_2``, ``class_3``, ..."""
    next_probabilities: tuple[ShareCell, ...]
    """Their probabilities, from the columns ``probability_2``, ``probability_3``, ..."""


class WrongAnswer(Answer):
    """A row of ``reports/misclassified.csv``."""

    label_name: str
    predicted_name: str


ANSWER = ("index", "label", "predicted", "confidence", "label_probability")
"""The first columns of ``predictions.csv``."""
WRONG_ANSWER = (
    *("index", "label", "predicted", "label_name", "predicted_name"),
    *("confidence", "label_probability"),
)
"""The columns of ``misclassified.csv``."""


def read_predictions(content: bytes) -> list[Prediction]:
    """Read ``reports/predictions.csv``; ``FormatError`` if it is not valid."""
    header, lines = parse_table(content)
    first = len(ANSWER)
    places = range(2, 2 + max(len(header) - first, 2) // 2)
    expected = (*ANSWER, *(f"{what}_{place}" for place in places for what in _RANKED))
    if header != expected:
        raise other_columns((*ANSWER, "class_2", "probability_2 and so on"), header)
    predictions = []
    for line in lines:
        cells: dict[str, Any] = dict(zip(ANSWER, line.cells, strict=False))
        cells["next_classes"] = line.cells[first::2]
        cells["next_probabilities"] = line.cells[first + 1 :: 2]
        prediction = row_of(Prediction, line, cells)
        _check_answer(prediction, line.number)
        _check_ranks(prediction, line.number)
        predictions.append(prediction)
    return predictions


def read_wrong(content: bytes) -> list[WrongAnswer]:
    """Read ``reports/misclassified.csv``, which may have no rows.

    Raises:
        FormatError: it is not valid, an image is named twice, or an answer is correct.
    """
    header, lines = parse_table(content)
    earlier = (*WRONG_ANSWER[:-1], *(name for name in header if _EARLIER_COLUMN.fullmatch(name)))
    if header not in {WRONG_ANSWER, earlier}:
        raise other_columns(WRONG_ANSWER, header)
    rows = []
    seen: set[int] = set()
    for line in lines:
        cells = dict(zip(header, line.cells, strict=True))
        row = row_of(
            WrongAnswer, line, cells if header == WRONG_ANSWER else _converted(cells, line)
        )
        rows.append(row)
        if row.index in seen:
            raise FormatError(f"expected each test image once, found image {row.index} twice")
        if row.label == row.predicted:
            raise FormatError(f"expected wrong answers, found a right one to image {row.index}")
        _check_answer(row, line.number)
        seen.add(row.index)
    return rows


def _converted(cells: dict[str, str], line: Line) -> dict[str, str]:
    """Return a row of an earlier version with the columns of this one."""
    probability = cells.get(f"p{cells['label']}")
    if probability is None:
        raise FormatError(
            f"line {line.number}: expected label to be a class, found {cells['label'][:100]}"
        )
    kept = {name: cell for name, cell in cells.items() if not _EARLIER_COLUMN.fullmatch(name)}
    return kept | {"label_probability": probability}


def _check_answer(answer: Answer, number: int) -> None:
    """Check that no class is more probable than the predicted one."""
    most = answer.confidence
    if answer.label == answer.predicted and answer.label_probability != most:
        raise FormatError(
            f"line {number}: expected label_probability to be the confidence of a right answer, "
            f"{most:g}, found {answer.label_probability:g}"
        )
    if answer.label_probability > most:
        raise FormatError(
            f"line {number}: expected confidence to be the highest probability, "
            f"found {most:g} and {answer.label_probability:g}"
        )


def _check_ranks(answer: Prediction, number: int) -> None:
    """Check that the classes differ and are ranked, and that their probabilities can be."""
    ranked = dict(zip(answer.next_classes, answer.next_probabilities, strict=True))
    probabilities = [answer.confidence, *answer.next_probabilities]
    if len({answer.predicted, *ranked}) < len(probabilities):
        raise FormatError(f"line {number}: expected each class once, found one twice")
    if probabilities != sorted(probabilities, reverse=True):
        raise FormatError(f"line {number}: expected the most probable classes first, found others")
    # Each probability has 6 digits.
    if sum(probabilities) > 1 + 1e-6 * len(probabilities):
        raise FormatError(
            f"line {number}: expected probabilities that add up to at most 1, "
            f"found {sum(probabilities):g}"
        )
    least = probabilities[-1]
    if answer.label != answer.predicted:
        found = answer.label_probability
        if found != ranked.get(answer.label, min(found, least)):
            raise FormatError(
                f"line {number}: expected label_probability to be that of class {answer.label}, "
                f"found {found:g}"
            )
