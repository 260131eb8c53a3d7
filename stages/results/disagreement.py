"""Compare a number of one recorded file with what another one gives."""

from stages.formats import FormatError

NEAR = 1e-6
"""How far numbers of 6 digits may be from what other numbers of 6 digits give."""

_SHOWN = 100


def same(what: str, found: object, expected: object, source: str) -> None:
    """See that a value is the one that another file gives; ``FormatError`` if not."""
    if found != expected:
        raise FormatError(
            f"expected {what} to be {_shown(expected)}, as {source} gives it, found {_shown(found)}"
        )


def near(what: str, found: float, expected: float, source: str) -> None:
    """See that a number is the one that another file gives, but for rounding."""
    # What was rounded to 6 digits, of numbers that were so themselves.
    if not abs(found - expected) <= 2 * NEAR:
        same(what, found, round(expected, 6), source)


def to_digits(number: float) -> float:
    """Round as a table is written: to 6 significant digits."""
    return float(f"{number:.6g}")


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
