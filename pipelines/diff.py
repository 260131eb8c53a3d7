"""Tell what differs between two commits: ``python -m pipelines.diff BEFORE AFTER``.

All that it reads is in Git, so that a shallow clone with an empty cache will do. ``EXITS`` has the
exit codes.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console

from pipelines.checkout import PROVENANCE, Repository, dvc, output
from pipelines.commits import LOCK, contents_of, read_lock
from pipelines.comparison import differences
from pipelines.comparison.differences import NOTHING, EvaluationSet, Row, shown
from pipelines.comparison.table import as_markdown, as_table
from pipelines.errors import PipelineError
from pipelines.storage.outputs import outputs_of
from stages.formats import LARGEST, FormatError, parse_json, parse_text, parse_yaml
from stages.results.agreement import check_wrong
from stages.results.reading import provenance_of, read_checks, read_provenance, read_wrong

EXITS = {"chance": 0, "worse": 3, "better": 4, "unknown": 5}
"""By what the later commit is; 1 is an error, and 2 a wrong command line."""

_PARAMS = "params.yaml"
_METRICS = "reports/metrics.json"
_ERRORS = "reports/misclassified.csv"


class Errors(NamedTuple):
    """How the errors of two commits compare."""

    rows: Sequence[Row]
    outcome: str
    """A key of ``EXITS``."""
    verdict: str
    """The same as a sentence."""
    meaning: str
    """The same in a few words."""


def main(
    before: Annotated[str, typer.Argument(help="a commit, by any name that Git knows")],
    after: Annotated[str, typer.Argument(help="another one")],
    markdown: Annotated[bool, typer.Option("--markdown", help="for a pull request")] = False,
) -> None:
    """Print what differs between two commits, and whether the later one is better or worse.

    Exit codes: 0 no significant difference in accuracy, 3 the later one is significantly worse, 4
    it is significantly better, 5 that cannot be told; 1 an error, 2 a wrong command line.
    """
    try:
        repository = Repository(Path.cwd())
        commits = [repository.commit_of(name) for name in (before, after)]
        errors = compare_errors(repository.folder, commits)
        sections = compare(repository.folder, commits, errors)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    titles = [
        f"{name} ({commit[:7]})" for name, commit in zip((before, after), commits, strict=True)
    ]
    if markdown:
        typer.echo(as_markdown(titles, sections))
    else:
        Console().print(as_table(titles, sections))
    typer.echo(errors.verdict)
    raise SystemExit(EXITS[errors.outcome])


def compare(folder: Path, commits: Sequence[str], errors: Errors) -> dict[str, Sequence[Row]]:
    """Compare what two commits recorded.

    Args:
        folder: of the repository.
        commits: the hashes of both.
        errors: of the same commits.

    Returns:
        The rows of each section, by its title.

    Raises:
        PipelineError: DVC refuses a commit, or what one recorded cannot be read.
    """
    compared = partial(_compared, folder, commits)
    # DVC takes what is infinite, or is there twice.
    for path, parse in ((_PARAMS, parse_yaml), (_METRICS, parse_json)):
        compared(path, parse, lambda *_: [])
    return {
        "Parameters": [
            *_missing(_PARAMS, _recorded(folder, commits, _PARAMS)),
            *differences.of_params(_ask_dvc(folder, "params", commits)),
        ],
        "Metrics": [
            *_missing(_METRICS, _recorded(folder, commits, _METRICS)),
            *differences.of_metrics(_ask_dvc(folder, "metrics", commits), errors.meaning),
        ],
        "Errors": errors.rows,
        "Data checks": compared("reports/checks.json", read_checks, differences.of_checks),
        "Provenance": _compare_provenance(folder, commits),
        "Libraries": compared("requirements.lock", parse_text, differences.of_libraries),
    }


def compare_errors(folder: Path, commits: Sequence[str]) -> Errors:
    """Pair the errors of two commits, if both were tested on the same images.

    Raises:
        PipelineError: what one of them recorded cannot be read.
    """
    recorded = _recorded(folder, commits, _ERRORS)
    if missing := _missing(_ERRORS, recorded):
        return _untold(missing, f"{_ERRORS} is absent")
    before, after = map(_tested_on, commits, _recorded(folder, commits, LOCK))
    if after is None or before != after:
        tested = (shown(test.images) if test else NOTHING for test in (before, after))
        return _untold(
            [Row("tested on", *tested)],
            "dvc.lock does not say of both that they were tested on the same images",
        )
    for commit, content in zip(commits, recorded, strict=True):
        _parsed(commit, _ERRORS, content, partial(_read_errors, after.classes))
    program = (sys.executable, "-m", "stages.compare")
    found = json.loads(output(folder, program, *commits, "--json"))
    words = "may be chance" if found["outcome"] == "chance" else found["outcome"]
    return Errors(
        differences.of_errors(found, after.classes),
        found["outcome"],
        found["verdict"],
        f"{words} (p = {found['p_value']:.2g})",
    )


def _read_errors(classes: Sequence[str], content: bytes) -> None:
    check_wrong(read_wrong(content), classes)


def _untold(rows: Sequence[Row], why: str) -> Errors:
    verdict = f"Whether the difference means anything cannot be told: {why}."
    return Errors(rows, "unknown", verdict, "not tested")


def _tested_on(commit: str, lock: bytes | None) -> EvaluationSet | None:
    return differences.tested_on(read_lock(lock or b"", f"{LOCK} of {commit[:7]}"))


def _compared(
    folder: Path,
    commits: Sequence[str],
    path: str,
    parse: Callable[[bytes], Any],
    rows: Callable[[Any, Any], Sequence[Row]],
) -> Sequence[Row]:
    """Give the rows of a file that both commits have, or say which one lacks it."""
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
    """Give the MD5 of each output that a commit's ``dvc.lock`` records, if it has one."""
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
    """Give a file as each commit has it, or none where it has none."""
    return [contents_of(folder, commit, path, LARGEST).get("") for commit in commits]


def _missing(path: str, contents: Sequence[bytes | None]) -> Sequence[Row]:
    """Say which commit lacks a file, if one does."""
    if None not in contents:
        return []
    return [Row(path, *("absent" if content is None else "recorded" for content in contents))]


def _ask_dvc(folder: Path, kind: str, commits: Sequence[str]) -> Mapping[str, Any]:
    """Give the changes of all files by name, those of a second file after its path."""
    every = ["--all"] if kind == "metrics" else []
    files = json.loads(dvc(folder, kind, "diff", "--json", *every, *commits))
    return {
        name if path in {_PARAMS, _METRICS} else f"{path}: {name}": change
        for path, changes in files.items()
        for name, change in changes.items()
    }


if __name__ == "__main__":
    typer.run(main)
