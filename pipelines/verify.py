"""Verify what a commit records, by running it anew: ``python -m pipelines.verify COMMIT``.

On a device of the same class every output must be the same bytes; on another, near enough by the
table in ``pipelines.verification.tolerances``. ``EXITS`` has the exit codes.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipelines.checkout import PROVENANCE, Repository
from pipelines.commits import contents_of
from pipelines.errors import PipelineError
from pipelines.lock import exclusive
from pipelines.verification.device_class import first_unlike
from pipelines.verification.findings import Finding, compare
from pipelines.verification.recorded import provenance, recorded
from pipelines.verification.rerun import Say, rerun

EXITS = {"verified": 0, "differs": 3, "unknown": 5}
"""By what came out; 1 is an error, and 2 a wrong command line."""


class Verification(NamedTuple):
    """What a rerun has shown of a commit."""

    commit: str
    findings: Sequence[Finding]
    stages: int
    """That were run, which is all of them."""
    environment: str
    """In which environment, as a sentence."""
    unlike: str | None
    """What tells this device's class from the recorded one; nothing if they are of one class."""


def main(
    revision: Annotated[str, typer.Argument(help="a commit, by any name that Git knows")] = "HEAD",
) -> None:
    """Run a commit's pipeline anew, from its sources, and compare with what it records.

    Exit codes: 0 each artifact is the same, or within its tolerance on another class of device; 3
    one differs; 5 none does, but the recorded content of one is nowhere, so that its tolerance
    cannot be told; 1 an error, 2 a wrong command line.
    """
    try:
        repository = Repository(Path.cwd())
        commit = repository.commit_of(revision)
        owner = f"the verification of {revision} (process {os.getpid()})"
        # The one place for checkouts is a run's at a time: the next one clears it.
        with exclusive(repository.state / "lock", owner, "wait", _say) as lock:
            verification = verify(repository, commit, lock, _say)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    Console().print(as_table(verification.findings))
    for sentence in summary(revision, verification):
        typer.echo(sentence)
    raise SystemExit(EXITS[outcome(verification.findings)])


def verify(repository: Repository, commit: str, lock: int, say: Say) -> Verification:
    """Run a commit's pipeline in a checkout of its own, and compare each output.

    Args:
        repository: that has the commit.
        commit: its hash.
        lock: descriptor of the repository's lock.
        say: is told each line that the run prints.

    Raises:
        PipelineError: the commit records no run, or it cannot be run here.
    """
    record = recorded(repository.folder, commit)
    before = provenance(contents_of(repository.folder, commit, PROVENANCE).get(""), record)
    with rerun(repository, commit, lock, say) as run, TemporaryDirectory() as temporary:
        written = run.folder / PROVENANCE
        after = provenance(written.read_bytes() if written.exists() else None, run.record)
        unlike = first_unlike(before, after)
        findings = compare(repository.folder, commit, record, run, unlike is None, Path(temporary))
        return Verification(commit, findings, len(run.record.stages), run.environment, unlike)


def outcome(findings: Sequence[Finding]) -> str:
    """Give the key of ``EXITS``."""
    verdicts = {finding.verdict for finding in findings}
    return next((verdict for verdict in ("differs", "unknown") if verdict in verdicts), "verified")


def as_table(findings: Sequence[Finding]) -> Table:
    """Make the table that rich prints, artifact by artifact."""
    headers = ("artifact", "verdict", "first difference, or what is demanded")
    table = Table(*(Column(header=header, overflow="fold") for header in headers))
    for finding in findings:
        # Text, for nothing here is markup of the library's.
        table.add_row(*map(Text, finding))
    return table


def summary(revision: str, verification: Verification) -> list[str]:
    """Say in sentences how it was run, on what, and what came out."""
    findings, unlike = verification.findings, verification.unlike
    counts = {
        verdict: sum(finding.verdict == verdict for finding in findings)
        for verdict in ("identical", "within tolerance", "differs", "unknown")
    }
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    result = outcome(findings)
    first = next((finding for finding in findings if finding.verdict == result), None)
    name = f"{revision} ({verification.commit[:7]})"
    return [
        f"All {verification.stages} stages were run. {verification.environment}",
        f"Device: of another class, so that tolerances hold: {unlike}."
        if unlike
        else "Device: of the same class, so that the same bytes are demanded.",
        f"{name} is verified: of {len(findings)} artifacts {told}."
        if first is None
        else f"{name} is not verified: of {len(findings)} artifacts {told}; "
        f"the first is {first.artifact}: {first.detail}.",
    ]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    typer.run(main)
