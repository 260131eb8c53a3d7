"""Build the table rows that show the differences between two commits.

Every function returns only rows that differ. Metrics are the exception: all of them are returned.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ConfigDict, TypeAdapter, ValidationError

from stages.results.models import Check, Checks
from stages.shared.text import without_secrets

ACCURACY = "test.accuracy"
NOTHING = "–"  # noqa: RUF001 - a dash, as tables have it
# The table lists this many errors; `python -m pipelines errors` shows all of them with images.
SHOWN_ERRORS = 20
# Characters of a hash that are enough to distinguish two.
_SHORT = 12

Change = Mapping[str, Any]
"""``old`` and ``new``, null where absent, and ``diff`` for numbers, as DVC's diffs print them."""


class Row(NamedTuple):
    """One value at both commits."""

    name: str
    before: str
    after: str
    difference: str = ""


class EvaluationSet(NamedTuple):
    """The images, labels and classes that a network was tested on."""

    images: str
    """SHA-256 of the file."""
    labels: str
    """SHA-256 of the file."""
    classes: tuple[str, ...]


_EVALUATION_SET = TypeAdapter(EvaluationSet, config=ConfigDict(strict=True))


def of_params(changes: Mapping[str, Change]) -> list[Row]:
    """Return the rows for one file in the output of ``dvc params diff --json``."""
    return [
        Row(name, shown(change.get("old")), shown(change.get("new")), _signed(change))
        for name, change in sorted(changes.items())
    ]


def of_metrics(changes: Mapping[str, Change], meaning: str) -> list[Row]:
    """Return the rows for one file in the output of ``dvc metrics diff --all --json``.

    Args:
        changes: by metric; ``NAME_low`` and ``NAME_high`` become the interval of ``NAME``.
        meaning: what the change of the accuracy means.
    """

    def value(name: str, side: str) -> str:
        ends = [changes.get(f"{name}_{end}", {}).get(side) for end in ("low", "high")]
        interval = f" ({shown(ends[0])} to {shown(ends[1])})" if None not in ends else ""
        return shown(changes[name].get(side)) + interval

    bounds = {f"{name}_{end}" for name in changes for end in ("low", "high")}
    return [
        Row(
            name,
            value(name, "old"),
            value(name, "new"),
            ", ".join(filter(None, [_signed(changes[name]), meaning if name == ACCURACY else ""])),
        )
        for name in sorted(changes.keys() - bounds)
    ]


def of_checks(before: Checks, after: Checks) -> list[Row]:
    """Compare two ``reports/checks.json``: how many checks passed, and which ones differ."""
    sides = [
        {f"{check.set}: {check.name}": check for check in checks.expectations}
        for checks in (before, after)
    ]
    passed = [f"{sum(check.success for check in side.values())} of {len(side)}" for side in sides]
    described = [{name: _check(check) for name, check in side.items()} for side in sides]
    return [Row("passed", *passed), *_of_pairs(*described)]


def _check(check: Check) -> str:
    state = "passed" if check.success else "failed"
    return f"{state}: {check.observed}, expected {check.expected}"


def of_provenance(before: Any, after: Any) -> list[Row]:
    """Compare two ``models/provenance.json``; a difference that all trainings share gets one row.

    For lists, such as the processor's instructions, each side shows what the other lacks.
    """
    places: dict[str, dict[str, tuple[str, str]]] = {}
    for training in sorted(before.keys() | after.keys()):
        old, new = before.get(training, {}), after.get(training, {})
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                places.setdefault(key, {})[training] = _both_sides(old.get(key), new.get(key))
    count = len(before.keys() | after.keys())
    rows = []
    for key, sides in places.items():
        if len(sides) == count and len(set(sides.values())) == 1:
            rows.append(Row(key, *next(iter(sides.values()))))
        else:
            rows += [Row(f"{training}: {key}", *side) for training, side in sides.items()]
    return rows


def of_libraries(before: str, after: str) -> list[Row]:
    """Compare the versions that two pip lock files pin."""
    return _of_pairs(_pins(before), _pins(after))


def _pins(lock: str) -> dict[str, str]:
    pins: dict[str, str] = {}
    # A lock file for all platforms may pin several versions of a package.
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock, re.MULTILINE):
        pins[name] = f"{pins[name]}, {version}" if name in pins else version
    return pins


def of_errors(
    comparison: Mapping[str, Any], classes: Sequence[str], commits: Sequence[str]
) -> list[Row]:
    """Return the rows for ``python -m stages.tools.compare --json``: counts first, then errors.

    Args:
        comparison: the output for two commits.
        classes: names.
        commits: the hashes of both.
    """
    new, fixed, changed = (comparison[kind] for kind in ("new", "fixed", "changed"))
    counts = [
        Row("new", "right", "wrong", str(len(new))),
        Row("fixed", "wrong", "right", str(len(fixed))),
        Row("changed", "wrong", "wrong, another class", str(len(changed))),
        Row("as before", "wrong", "wrong", str(comparison["unchanged"])),
    ]
    single = [
        Row(
            f"test image {error['index']}, {classes[error['label']]}",
            classes[error["predicted_before"]],
            classes[error["predicted_after"]],
            kind,
        )
        for kind, errors in (("new", new), ("fixed", fixed), ("changed", changed))
        for error in errors
    ]
    left = len(single) - SHOWN_ERRORS
    command = " ".join(["python -m pipelines errors", *(commit[:7] for commit in commits)])
    more = [Row(f"{left} more: {command}", NOTHING, NOTHING)] if left > 0 else []
    return [*counts, *single[:SHOWN_ERRORS], *more]


def tested_on(lock: Any) -> EvaluationSet | None:
    """Return the test set that a ``dvc.lock`` records, or ``None`` if it records none."""
    try:
        fetched, evaluated = (
            lock["stages"][stage]["params"]["params.yaml"] for stage in ("fetch", "evaluate")
        )
        dataset = fetched["dataset"]
        files = fetched[f"datasets.{dataset}.files"]
        return _EVALUATION_SET.validate_python(
            (
                files["test_images"]["sha256"],
                files["test_labels"]["sha256"],
                tuple(evaluated[f"datasets.{dataset}.classes"]),
            )
        )
    except (KeyError, TypeError, ValidationError):
        return None


def shown(value: Any) -> str:
    """Return the text of a value in a table cell."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    text = without_secrets(str(value))
    return text[:_SHORT] if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text) else text


def _signed(change: Change) -> str:
    # DVC also subtracts booleans.
    if isinstance(change.get("new"), bool) or not change.get("diff"):
        return ""
    return f"{change['diff']:+.6g}"


def _both_sides(old: Any, new: Any) -> tuple[str, str]:
    if isinstance(old, list) and isinstance(new, list):
        return _only(old, new), _only(new, old)
    return shown(old), shown(new)


def _only(these: Iterable[Any], others: Sequence[Any]) -> str:
    return ", ".join(str(item) for item in these if item not in others) or NOTHING


def _of_pairs(before: Mapping[str, str], after: Mapping[str, str]) -> list[Row]:
    return [
        Row(name, before.get(name, NOTHING), after.get(name, NOTHING))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
