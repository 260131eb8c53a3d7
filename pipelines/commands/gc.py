"""Clean DVC's cache."""

from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from pipelines.dvc.retention import cache_of, remove, unneeded
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
    with cache_of(repository, runs, typer.echo) as (cache, kept_refs):
        gone = unneeded(repository.folder, cache, kept_refs)
        if force:
            remove(repository.folder, cache, gone)
    for entry in gone:
        typer.echo(f"{entry.name} {decimal(entry.size)}")
    what = f"{len(gone)} objects, {decimal(sum(entry.size for entry in gone))}"
    if force:
        typer.echo(f"{what}: removed.")
    else:
        typer.echo(f"{what} are not needed; python -m pipelines gc --force removes them.")
