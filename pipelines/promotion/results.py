"""Read the results of a run that the gate needs, from a folder or a commit."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pipelines.comparison.differences import EvaluationSet, tested_on
from pipelines.dvc.changes import METRICS
from pipelines.dvc.lock_record import LOCK
from pipelines.dvc.outputs import measure, outputs_of
from pipelines.errors import PipelineError
from pipelines.git.commits import contents_of
from stages.results import answers, reading
from stages.results.agreement import check_agreement
from stages.shared.formats import LARGEST, FormatError, parse_yaml, read_file

CLASSES = "reports/classes.csv"
CHECKS = "reports/checks.json"
ERRORS = "reports/misclassified.csv"
PAIRS = "reports/confusion_matrix.csv"
BINS = "reports/calibration.csv"
GATE_INPUTS = (METRICS, CLASSES, CHECKS, ERRORS, PAIRS, BINS)
"""The files that the gate reads."""
PREDICTIONS = "reports/predictions.csv"
"""The file that they are all derived from. It is in DVC's cache, so it may be absent."""

_LIMITS = {ERRORS: 1 << 26, PREDICTIONS: 1 << 26}

Read = Callable[[str], bytes | None]
"""Return a file's content by its path, or ``None``; raise ``PipelineError`` if it is too large."""
Content = TypeVar("Content")


class Results(NamedTuple):
    """A model's results on the test images, and the outcome of its data checks."""

    accuracy: float
    images: int
    calibration_error: float
    recalls: Mapping[str, float]
    """By class name."""
    failed_checks: tuple[str, ...]
    errors: frozenset[int]
    """Indices of the test images that the model got wrong."""
    tested_on: EvaluationSet
    """Identifies the test set."""
    digests: Mapping[str, str]
    """SHA-256 of the files of ``GATE_INPUTS``, by path."""


def in_folder(folder: Path) -> Read:
    """Return a function that reads files of a working copy."""

    def read(path: str) -> bytes | None:
        try:
            return read_file(folder / path, _LIMITS.get(path, LARGEST))
        except FileNotFoundError:
            return None
        except (OSError, FormatError) as error:
            reason = error if isinstance(error, FormatError) else f"expected a file, found {error}"
            raise PipelineError(f"{path}: {reason}; run the pipeline again.") from None

    return read


def at_commit(folder: Path, commit: str) -> Read:
    """Return a function that reads files of a commit."""
    return lambda path: contents_of(folder, commit, path, _LIMITS.get(path, LARGEST)).get("")


def read_results(read: Read, whose: str) -> Results:
    """Read the results, and recalculate each number from the others.

    Args:
        read: returns the content of each file.
        whose: the owner of the results in error messages.

    Raises:
        PipelineError: a file is missing, was not written by the pipeline, differs from the record
            in ``dvc.lock``, or disagrees with another file.
    """
    lock = _parsed(read, LOCK, whose, parse_yaml)
    tested = tested_on(lock)
    if tested is None:
        raise PipelineError(
            f"{whose}: expected {LOCK} to record the stages fetch and evaluate, found no such "
            "record; run the pipeline there."
        )
    results = reading.Results(
        metrics=_parsed(read, METRICS, whose, reading.read_metrics),
        checks=_parsed(read, CHECKS, whose, reading.read_checks),
        classes=_parsed(read, CLASSES, whose, reading.read_classes),
        pairs=_parsed(read, PAIRS, whose, reading.read_pairs),
        bins=_parsed(read, BINS, whose, reading.read_bins),
        wrong=_parsed(read, ERRORS, whose, answers.read_wrong),
    )
    predictions = None
    if read(PREDICTIONS) is not None:
        # Predictions that a run of another commit left here do not apply to this one.
        _check_recorded(read, lock, [PREDICTIONS], whose, f"`dvc checkout {PREDICTIONS}`")
        predictions = _parsed(read, PREDICTIONS, whose, answers.read_predictions)
    try:
        check_agreement(results, tested.classes, predictions)
    except FormatError as error:
        raise PipelineError(f"{whose}: {error}; run the pipeline there.") from None
    _check_recorded(read, lock, GATE_INPUTS, whose, "run the pipeline there")
    test = results.metrics.test
    return Results(
        accuracy=test.accuracy,
        images=test.images,
        calibration_error=test.calibration_error,
        recalls={row.name: row.recall for row in results.classes if row.support},
        failed_checks=results.checks.failed,
        errors=frozenset(row.index for row in results.wrong),
        tested_on=tested,
        digests=digests_of(read),
    )


def digests_of(read: Read) -> dict[str, str]:
    """Return the SHA-256 of the existing files that the gate reads, by path."""
    contents = {path: read(path) for path in GATE_INPUTS}
    return {
        path: hashlib.sha256(content).hexdigest()
        for path, content in contents.items()
        if content is not None
    }


def _parsed(read: Read, path: str, whose: str, parse: Callable[[bytes], Content]) -> Content:
    try:
        return parse(_content(read, path, whose))
    except FormatError as error:
        raise PipelineError(f"{whose}: {path}: {error}; run the pipeline there.") from None


def _content(read: Read, path: str, whose: str) -> bytes:
    content = read(path)
    if content is None:
        raise PipelineError(f"{whose}: expected {path}, found none; run the pipeline there.")
    return content


def _check_recorded(read: Read, lock: Any, paths: Sequence[str], whose: str, remedy: str) -> None:
    """Check that files match the outputs that ``dvc.lock`` records."""
    recorded = {output.path: output.md5 for _, output in outputs_of(lock, f"{whose}: {LOCK}")}
    for path in paths:
        found = measure(path, {"": _content(read, path, whose)}).md5
        if recorded.get(path) != found:
            raise PipelineError(
                f"{whose}: expected {path} to have the MD5 that {LOCK} records, "
                f"{recorded.get(path, 'none')}, found {found}; {remedy}."
            )
