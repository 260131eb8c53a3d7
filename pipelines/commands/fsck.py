"""Check DVC's storage."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.dvc.integrity import check
from pipelines.dvc.storage import locked_storage
from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from stages.shared.text import printable


def main(
    runs: Annotated[int, typer.Option(min=0, help="Number of newest runs/... branches.")] = 10,
    every: Annotated[bool, typer.Option("--all", help="Check what any commit needs.")] = False,
) -> None:
    """Rehash objects in DVC's cache and remote, and repair each side from the other.

    It checks what HEAD, the branches, the tags and the newest runs need; with --all, what any
    commit needs. Exits with 3 if something is lost, or if a commit's records cannot be read.

    Example: python -m pipelines fsck
    """
    repository = Repository(Path.cwd())
    owner = f"fsck (process {os.getpid()})"
    with locked_storage(repository, owner, typer.echo) as storage:
        report = check(repository.folder, storage, None if every else runs)
    for kind in ("repaired", "quarantined", "removed", "absent", "lost", "unreadable"):
        for line in getattr(report, kind):
            typer.echo(printable(f"{kind:12}{line}"))
    typer.echo(
        f"{report.checked} objects checked: {len(report.repaired)} repaired, "
        f"{len(report.quarantined)} quarantined, {len(report.lost)} lost; "
        f"{len(report.unreadable)} commits unreadable."
    )
    if report.absent:
        count = "1 object was" if len(report.absent) == 1 else f"{len(report.absent)} objects were"
        typer.echo(
            f"{count} never in this cache; to create those of a commit, check it out and run "
            "`make repro`."
        )
    raise SystemExit(ExitCode.NEGATIVE if report.lost or report.unreadable else ExitCode.OK)
