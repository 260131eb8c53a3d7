"""Compare a number in one recorded file with the number that another file gives."""

from stages.results.answers import Answer
from stages.shared.formats import FormatError

NEAR = 1e-6
"""Largest difference between a number of 6 digits and one computed from numbers of 6 digits."""

_SHOWN = 100


def same(what: str, found: object, expected: object, source: str) -> None:
    """Check that a value equals the one that another file gives; ``FormatError`` if not."""
    if found != expected:
        raise FormatError(
            f"expected {what} to be {_shown(expected)}, as {source} gives it, found {_shown(found)}"
        )


def near(what: str, found: float, expected: float, source: str) -> None:
    """Check that a number equals the one that another file gives, except for rounding."""
    # Both the number and its sources were rounded to 6 digits.
    if not abs(found - expected) <= 2 * NEAR:
        same(what, found, round(expected, 6), source)


def check_numbers(answer: Answer, classes: int, source: str) -> None:
    """Check that the classes of an answer exist; ``FormatError`` if not."""
    for what, found in (("label", answer.label), ("predicted", answer.predicted)):
        if found >= classes:
            raise FormatError(
                f"expected the {what} of image {answer.index} in {source} to be one of {classes} "
                f"classes, found {found}"
            )


def to_digits(number: float) -> float:
    """Return a number rounded to 6 significant digits, as in a written table."""
    return float(f"{number:.6g}")


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
