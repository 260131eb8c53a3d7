"""Define how far an artifact may differ from the recorded one on another class of device.

Rounding differs from device to device, and training amplifies it about as much as another seed
would: over five seeds the recipe ``fast`` reaches 99.44% to 99.54%. Its runs on an AMD EPYC and an
Intel Xeon differed by 0.04 percentage points in test accuracy, 1.7 % in test loss, 0.15 points in
the accuracy of an epoch, 21 of 10,000 labels, and 2 of 28 labels of handwriting. Each limit is at
least twice that. What does not depend on a network must have the same bytes everywhere.
"""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipelines.verification.first_difference import arrays_of, files_of, leaves, rows_of
from stages.shared.formats import parse_json, read_file

Limit = Callable[[float, float], bool]
"""Return whether a number is close enough to the recorded one, which comes first."""


class Tolerance(NamedTuple):
    """The requirement for an artifact."""

    path: str
    """A shell pattern."""
    requirement: str
    """The requirement, as text for the user."""
    violation: Callable[[Path, Path], str | None]
    """Return what first violates the requirement in the recorded and the new artifact, if any."""


def tolerance_of(path: str) -> Tolerance | None:
    """Return the tolerance of an output; ``None`` if its bytes must be the same on any device."""
    return next((one for one in TOLERANCES if fnmatchcase(path, one.path)), None)


def within(difference: float) -> Limit:
    """Return a limit on the difference from the recorded number."""
    return lambda recorded, found: abs(found - recorded) <= difference


def within_share(share: float) -> Limit:
    """Return a limit on the difference, as a share of the recorded number."""
    return lambda recorded, found: abs(found - recorded) <= share * abs(recorded)


def _numbers(limits: Mapping[str, Limit | None], recorded: Path, found: Path) -> str | None:
    """Compare leaves by the limit of the first pattern that matches; others must be equal.

    Values whose pattern has no limit are not compared.
    """
    before, after = _leaves(recorded), _leaves(found)
    if before.keys() != after.keys():
        return f"{min(before.keys() ^ after.keys())} exists on one side only"
    for place, value in before.items():
        pattern = next((name for name in limits if fnmatchcase(place, name)), None)
        limit = _same if pattern is None else limits[pattern]
        if limit and not _near(limit, value, after[place]):
            return f"{place}: recorded {value}, here {after[place]}"
    return None


def _leaves(path: Path) -> dict[str, object]:
    return dict(leaves(rows_of(path) if path.suffix == ".csv" else parse_json(read_file(path))))


def _same(recorded: object, found: object) -> bool:
    return recorded == found


def _near(limit: Callable[..., bool], recorded: object, found: object) -> bool:
    if recorded == found:
        return True
    try:
        return limit is not _same and limit(float(str(recorded)), float(str(found)))
    except ValueError:
        return False


def _labels(share: float, same: tuple[str, ...], recorded: Path, found: Path) -> str | None:
    """Allow a share of rows to have another predicted label; the columns ``same`` must match."""
    before, after = rows_of(recorded), rows_of(found)
    if len(before) != len(after):
        return f"recorded {len(before)} rows, here {len(after)}"
    for number, (row, other) in enumerate(zip(before, after, strict=True), 1):
        for column in same:
            if row.get(column) != other.get(column):
                return (
                    f"row {number}, {column}: recorded {row.get(column)}, here {other.get(column)}"
                )
    different = sum(
        row["predicted"] != other["predicted"] for row, other in zip(before, after, strict=True)
    )
    if different > share * len(before):
        return f"{different} of {len(before)} labels differ"
    return None


def _shapes(recorded: Path, found: Path) -> str | None:
    before, after = (
        {name: f"{array.dtype} {list(array.shape)}" for name, array in arrays_of(path).items()}
        for path in (recorded, found)
    )
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            return f"{name}: recorded {before.get(name)}, here {after.get(name)}"
    return None


def _sizes(share: float, recorded: Path, found: Path) -> str | None:
    before, after = _files(recorded), _files(found)
    if before.keys() != after.keys():
        return f"{min(before.keys() ^ after.keys())} exists on one side only"
    for name, path in before.items():
        sizes = path.stat().st_size, after[name].stat().st_size
        if not within_share(share)(*sizes):
            return f"{name or 'size'}: recorded {sizes[0]} bytes, here {sizes[1]}"
    return None


def _files(path: Path) -> dict[str, Path]:
    return files_of(path) if path.is_dir() else {"": path}


def _columns(recorded: Path, found: Path) -> str | None:
    headers = [next(iter(path.read_text().splitlines()), "") for path in (recorded, found)]
    return None if headers[0] == headers[1] else f"recorded columns {headers[0]}, here {headers[1]}"


_METRICS: Mapping[str, Limit | None] = {
    "test.errors": within(15),
    "*.accuracy*": within(0.0015),
    "test.loss": within_share(0.1),
    "test.calibration_error": within(0.005),
    "weights.sha256": None,
}
# Results differ more in a training's first epochs than at its end.
_HISTORY = {"*.loss": within_share(0.1), "*.accuracy": within(0.005)}
_HANDWRITING = {"right": within(1), "accuracy": within(0.1)}

_SHAPES = "tensors of the same names, types and shapes; numbers are not compared"
_SIZES = "the same files, of sizes within 1 %"
_ROWS = "the same columns; the values follow from predictions.csv"
_PAGES = "the same files, of any size; drawn from artifacts that are compared"

TOLERANCES = (
    Tolerance("models/*.safetensors", _SHAPES, _shapes),
    Tolerance("models/saved_model", _SIZES, partial(_sizes, 0.01)),
    Tolerance("models/classifier.tflite", _SIZES, partial(_sizes, 0.01)),
    Tolerance(
        "reports/metrics.json",
        "accuracies within 0.15 percentage points, errors within 15, loss within 10 %, "
        "calibration error within 0.005",
        partial(_numbers, _METRICS),
    ),
    Tolerance(
        "reports/*history.csv",
        "in each epoch loss within 10 % and accuracy within 0.5 percentage points",
        partial(_numbers, _HISTORY),
    ),
    Tolerance(
        "reports/predictions.csv",
        "at most 0.5 % of the labels differ",
        partial(_labels, 0.005, ("index", "label")),
    ),
    Tolerance(
        "reports/handwriting.csv",
        "at most 15 % of the labels differ",
        partial(_labels, 0.15, ("picture", "digit", "label")),
    ),
    Tolerance(
        "reports/handwriting.json",
        "the number of right digits within 1, and accuracy within 10 percentage points",
        partial(_numbers, _HANDWRITING),
    ),
    Tolerance("reports/misclassified.csv", _ROWS, _columns),
    Tolerance("reports/classes.csv", _ROWS, _columns),
    Tolerance("reports/confusion_matrix.csv", _ROWS, _columns),
    Tolerance("reports/calibration.csv", _ROWS, _columns),
    Tolerance("reports/uncalibrated.csv", _ROWS, _columns),
    Tolerance("reports/figures", _PAGES, partial(_sizes, float("inf"))),
    Tolerance("reports/index.html", _PAGES, partial(_sizes, float("inf"))),
)
"""Tolerances by output; all other outputs must have the same bytes on any device."""
