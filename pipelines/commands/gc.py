"""Clean DVC's cache."""

from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from pipelines.dvc.retention import cache_of, remove, unneeded
from pipelines.git.repository import Repository


def main(
    runs: Annotated[int, typer.Option(min=0, help="Newest branches runs/... to keep.")] = 10,
    force: Annotated[bool, typer.Option("--force", help="Remove them.")] = False,
) -> None:
    """List the objects of DVC's cache that nobody needs; with --force, remove them.

    Example: python -m pipelines gc --runs 5 --force
    """
    repository = Repository(Path.cwd())
    with cache_of(repository, runs, typer.echo) as (cache, keepers):
        gone = unneeded(repository.folder, cache, keepers)
        if force:
            remove(repository.folder, cache, gone)
    for kept in gone:
        typer.echo(f"{kept.name} {decimal(kept.size)}")
    what = f"{len(gone)} objects, {decimal(sum(kept.size for kept in gone))}"
    if force:
        typer.echo(f"{what}: removed.")
    else:
        typer.echo(f"{what} are not needed; python -m pipelines gc --force removes them.")
