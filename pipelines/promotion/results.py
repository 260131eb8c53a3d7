"""What a run recorded of its model, as far as the gate asks: in a folder, or at a commit."""

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.commits import LOCK, contents_of
from pipelines.comparison.differences import EvaluationSet, tested_on
from pipelines.errors import PipelineError

METRICS = "reports/metrics.json"
CLASSES = "reports/classes.csv"
CHECKS = "reports/checks.json"
ERRORS = "reports/misclassified.csv"
JUDGED = (METRICS, CLASSES, CHECKS, ERRORS)
"""The files that the gate looks at."""

Read = Callable[[str], bytes | None]
"""Give the content of a file by its path, if there is one."""


class Results(NamedTuple):
    """A model on the test images, and the data behind it."""

    accuracy: float
    images: int
    calibration_error: float
    recalls: Mapping[str, float]
    """By class name."""
    failed_checks: tuple[str, ...]
    errors: frozenset[int]
    """Indices of the test images that it got wrong."""
    tested_on: EvaluationSet | None
    """What tells test sets apart; nothing if it is not recorded."""
    digests: Mapping[str, str]
    """SHA-256 of the files of ``JUDGED``, by path."""


def in_folder(folder: Path) -> Read:
    """Read files of a working copy."""
    return lambda path: (folder / path).read_bytes() if (folder / path).is_file() else None


def at_commit(folder: Path, commit: str) -> Read:
    """Read files as a commit has them."""
    return lambda path: contents_of(folder, commit, path).get("")


def read_results(read: Read, whose: str) -> Results:
    """Read what was recorded.

    Args:
        read: gives each file.
        whose: what an error calls it.

    Raises:
        PipelineError: a file is missing, or is not what the pipeline writes.
    """
    contents = {path: _content(read, path, whose) for path in (*JUDGED, LOCK)}
    try:
        test = json.loads(contents[METRICS])["test"]
        checks = json.loads(contents[CHECKS])
        return Results(
            accuracy=float(test["accuracy"]),
            images=int(test["images"]),
            calibration_error=float(test["calibration_error"]),
            recalls={row["class"]: float(row["recall"]) for row in _rows(contents[CLASSES])},
            failed_checks=_STRINGS.validate_python(checks["failed"]),
            errors=frozenset(int(row["index"]) for row in _rows(contents[ERRORS])),
            tested_on=tested_on(YAML(typ="safe", pure=True).load(contents[LOCK])),
            digests=digests_of(read),
        )
    except (ValueError, KeyError, TypeError, YAMLError, ValidationError) as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        raise PipelineError(
            f"{whose}: expected results as the pipeline writes them, found {reason}; run it there."
        ) from None


_STRINGS = TypeAdapter(tuple[str, ...])


def digests_of(read: Read) -> dict[str, str]:
    """Give the SHA-256 of the judged files that are there, by path."""
    contents = {path: read(path) for path in JUDGED}
    return {
        path: hashlib.sha256(content).hexdigest()
        for path, content in contents.items()
        if content is not None
    }


def _content(read: Read, path: str, whose: str) -> str:
    content = read(path)
    if content is None:
        raise PipelineError(f"{whose}: expected {path}, found none; run the pipeline there.")
    return content.decode(errors="replace")


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))
