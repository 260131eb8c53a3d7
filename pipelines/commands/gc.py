"""Clean DVC's cache."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from pipelines.dvc.inventory import kept_refs
from pipelines.dvc.retention import remove, unneeded
from pipelines.dvc.storage import locked_storage
from pipelines.git.repository import Repository


def main(
    runs: Annotated[
        int, typer.Option(min=0, help="Number of newest runs/... branches to keep.")
    ] = 10,
    force: Annotated[bool, typer.Option("--force", help="Remove the listed objects.")] = False,
) -> None:
    """List the unneeded objects of DVC's cache; with --force, remove them.

    Example: python -m pipelines gc --runs 5 --force
    """
    repository = Repository(Path.cwd())
    owner = f"gc (process {os.getpid()})"
    with locked_storage(repository, owner, typer.echo) as storage:
        refs = kept_refs(repository.folder, runs)
        gone = unneeded(repository.folder, storage, refs)
        if force:
            remove(repository.folder, storage.cache, gone)
    for entry in gone:
        typer.echo(f"{entry.name} {decimal(entry.size)}")
    count = "1 object" if len(gone) == 1 else f"{len(gone)} objects"
    what = f"{count}, {decimal(sum(entry.size for entry in gone))}"
    if force:
        typer.echo(f"{what}: removed.")
    else:
        typer.echo(f"{what}: not needed; to remove: python -m pipelines gc --runs {runs} --force")
