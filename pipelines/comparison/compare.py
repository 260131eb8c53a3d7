"""Compare the records of two commits.

All records are in Git, so a shallow clone with an empty cache is enough.
"""

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pipelines import PROVENANCE
from pipelines.comparison import differences
from pipelines.comparison.differences import NOTHING, EvaluationSet, Row, shown
from pipelines.dvc.changes import METRICS, PARAMS, changes_of
from pipelines.dvc.lock_record import LOCK, read_lock
from pipelines.dvc.outputs import outputs_of
from pipelines.errors import PipelineError
from pipelines.git.commits import contents_of
from pipelines.system.process import output
from stages.results.agreement import check_wrong
from stages.results.answers import read_wrong
from stages.results.reading import provenance_of, read_checks, read_provenance
from stages.shared.formats import LARGEST, FormatError, parse_json, parse_text, parse_yaml

_ERRORS = "reports/misclassified.csv"


class Errors(NamedTuple):
    """The comparison of two commits' errors."""

    rows: Sequence[Row]
    outcome: str
    """chance, worse, better or unknown."""
    summary: str
    """The outcome as a sentence."""
    meaning: str
    """The outcome in a few words."""


def compare(folder: Path, commits: Sequence[str], errors: Errors) -> dict[str, Sequence[Row]]:
    """Compare the records of two commits.

    Args:
        folder: of the repository.
        commits: the hashes of both.
        errors: the comparison of the same commits' errors.

    Returns:
        The rows of each section, by its title.

    Raises:
        PipelineError: DVC rejects a commit, or a commit's record cannot be read.
    """
    compared = partial(_compared, folder, commits)
    # DVC accepts infinite values and duplicate keys; these parsers reject them.
    for path, parse in ((PARAMS, parse_yaml), (METRICS, parse_json)):
        compared(path, parse, lambda *_: [])
    return {
        "Parameters": [
            *_missing(PARAMS, _recorded(folder, commits, PARAMS)),
            *differences.of_params(changes_of(folder, "params", *commits)),
        ],
        "Metrics": [
            *_missing(METRICS, _recorded(folder, commits, METRICS)),
            *differences.of_metrics(changes_of(folder, "metrics", *commits), errors.meaning),
        ],
        "Errors": errors.rows,
        "Data checks": compared("reports/checks.json", read_checks, differences.of_checks),
        "Provenance": _compare_provenance(folder, commits),
        "Libraries": compared("requirements.lock", parse_text, differences.of_libraries),
    }


def compare_errors(folder: Path, commits: Sequence[str]) -> Errors:
    """Compare the errors of two commits, if both were tested on the same images.

    Raises:
        PipelineError: a commit's record cannot be read.
    """
    recorded = _recorded(folder, commits, _ERRORS)
    if missing := _missing(_ERRORS, recorded):
        return _not_comparable(missing, f"{_ERRORS} is absent")
    before, after = map(_tested_on, commits, _recorded(folder, commits, LOCK))
    if after is None or before != after:
        tested = (shown(test.images) if test else NOTHING for test in (before, after))
        return _not_comparable(
            [Row("tested on", *tested)],
            "dvc.lock does not record the same test images for both commits",
        )
    for commit, content in zip(commits, recorded, strict=True):
        _parsed(commit, _ERRORS, content, partial(_read_errors, after.classes))
    program = "stages.tools.compare"
    command = (sys.executable, "-m", program, *commits, "--json")
    found = json.loads(output(folder, command, program))
    words = "may be chance" if found["outcome"] == "chance" else found["outcome"]
    return Errors(
        differences.of_errors(found, after.classes, commits),
        found["outcome"],
        found["summary"],
        f"{words} (p = {found['p_value']:.2g})",
    )


def _read_errors(classes: Sequence[str], content: bytes) -> None:
    check_wrong(read_wrong(content), classes)


def _not_comparable(rows: Sequence[Row], why: str) -> Errors:
    summary = f"Whether the difference is significant cannot be determined: {why}."
    return Errors(rows, "unknown", summary, "not tested")


def _tested_on(commit: str, lock: bytes | None) -> EvaluationSet | None:
    return differences.tested_on(read_lock(lock or b"", f"{LOCK} of {commit[:7]}"))


def _compared(
    folder: Path,
    commits: Sequence[str],
    path: str,
    parse: Callable[[bytes], Any],
    rows: Callable[[Any, Any], Sequence[Row]],
) -> Sequence[Row]:
    """Return the rows of a file that both commits have, or a row that shows which one lacks it."""
    contents = _recorded(folder, commits, path)
    if missing := _missing(path, contents):
        return missing
    return rows(
        *(_parsed(c, path, content, parse) for c, content in zip(commits, contents, strict=True))
    )


def _compare_provenance(folder: Path, commits: Sequence[str]) -> Sequence[Row]:
    weights = [_recorded_hashes(folder, commit) for commit in commits]
    return _compared(
        folder,
        commits,
        PROVENANCE,
        read_provenance,
        lambda *read: differences.of_provenance(*map(provenance_of, read, weights)),
    )


def _recorded_hashes(folder: Path, commit: str) -> set[str]:
    """Return the MD5 of each output in a commit's ``dvc.lock``; empty without a ``dvc.lock``."""
    (content,) = _recorded(folder, [commit], LOCK)
    name = f"{LOCK} of {commit[:7]}"
    outputs = outputs_of(read_lock(content, name), name) if content else []
    return {output.md5 for _, output in outputs}


def _parsed(commit: str, path: str, content: bytes | None, parse: Callable[[bytes], Any]) -> Any:
    try:
        return parse(content or b"")
    except FormatError as error:
        raise PipelineError(
            f"{path} of {commit[:7]}: {error}; run the pipeline there and commit."
        ) from None


def _recorded(folder: Path, commits: Sequence[str], path: str) -> Sequence[bytes | None]:
    """Return a file's content at each commit, or ``None`` where it is absent."""
    return [contents_of(folder, commit, path, LARGEST).get("") for commit in commits]


def _missing(path: str, contents: Sequence[bytes | None]) -> Sequence[Row]:
    """Return a row that shows which commit lacks a file; empty if neither does."""
    if None not in contents:
        return []
    return [Row(path, *("absent" if content is None else "recorded" for content in contents))]
