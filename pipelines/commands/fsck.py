"""Check DVC's storage."""

import os
from pathlib import Path

import typer

from pipelines.dvc.integrity import check
from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from pipelines.system.lock import lock_cache


def main() -> None:
    """Rehash the objects of all commits in DVC's cache and remote; repair each side from the other.

    Exits with 3 if something is lost, or if a commit's records cannot be read.

    Example: python -m pipelines fsck
    """
    repository = Repository(Path.cwd())
    folder, owner = repository.folder, f"fsck (process {os.getpid()})"
    with lock_cache(folder, repository.state, owner, typer.echo):
        report = check(folder)
    for kind in ("repaired", "quarantined", "removed", "lost", "unreadable"):
        for line in getattr(report, kind):
            typer.echo(f"{kind:12}{line}")
    typer.echo(
        f"{report.checked} objects checked: {len(report.repaired)} repaired, "
        f"{len(report.quarantined)} quarantined, {len(report.lost)} lost; "
        f"{len(report.unreadable)} commits unreadable."
    )
    raise SystemExit(ExitCode.NEGATIVE if report.lost or report.unreadable else ExitCode.OK)
