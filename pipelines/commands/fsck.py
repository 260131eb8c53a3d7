"""Check DVC's storage."""

import os
from pathlib import Path

import typer

from pipelines.dvc.integrity import check
from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from pipelines.system.lock import cache_still


def main() -> None:
    """Rehash what any commit needs in DVC's cache and remote, and repair it from the other side.

    Exits with 3 if something is lost, or if a commit's records cannot be read.

    Example: python -m pipelines fsck
    """
    repository = Repository(Path.cwd())
    folder, owner = repository.folder, f"fsck (process {os.getpid()})"
    with cache_still(folder, repository.state, owner, typer.echo):
        report = check(folder)
    for kind in ("repaired", "aside", "removed", "lost", "unread"):
        for line in getattr(report, kind):
            typer.echo(f"{kind:9}{line}")
    typer.echo(
        f"{report.looked_at} objects checked: {len(report.repaired)} repaired, "
        f"{len(report.aside)} moved aside, {len(report.lost)} lost; "
        f"{len(report.unread)} commits unread."
    )
    raise SystemExit(ExitCode.NEGATIVE if report.lost or report.unread else ExitCode.OK)
