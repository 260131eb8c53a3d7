"""Verify a commit."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from pipelines.system.lock import exclusive
from pipelines.ui.terminal import plain
from pipelines.verification.findings import Finding
from pipelines.verification.verify import overall_outcome, summary, verify
from stages.shared.text import printable

EXITS = {
    "verified": ExitCode.OK,
    "differs": ExitCode.NEGATIVE,
    "unknown": ExitCode.UNKNOWN,
}


def main(
    revision: Annotated[str, typer.Argument(help="A commit, branch or tag.")] = "HEAD",
) -> None:
    """Run a commit's pipeline again from its sources, and compare with what it records.

    Exits with 0 if every artifact is the same, or within its tolerance on another class of device;
    with 3 if one differs; with 5 if an artifact's recorded content is lost.

    Example: python -m pipelines verify v1.2.0
    """
    repository = Repository(Path.cwd())
    commit = repository.commit_of(revision)
    owner = f"the verification of {revision} (process {os.getpid()})"

    def log(line: str) -> None:
        typer.echo(printable(line), err=True)

    # A run removes the worktrees that it finds, so only one run may use them at a time.
    with exclusive(repository.state / "lock", owner, "wait", log) as lock_fd:
        verification = verify(repository, commit, lock_fd, log)
    Console().print(as_table(verification.findings))
    for sentence in summary(revision, verification):
        typer.echo(printable(sentence))
    raise SystemExit(EXITS[overall_outcome(verification.findings)])


def as_table(findings: Sequence[Finding]) -> Table:
    """Return the table that rich prints, with a row for each artifact."""
    headers = ("artifact", "outcome", "first difference, or what is required")
    table = Table(*(Column(header=header, overflow="fold") for header in headers))
    for finding in findings:
        table.add_row(*map(plain, finding))
    return table
