"""Show what DVC's cache holds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.dvc.retention import cache_of, tables
from pipelines.git.repository import Repository


def main(
    runs: Annotated[
        int, typer.Option(min=0, help="Number of newest runs/... branches to keep.")
    ] = 10,
) -> None:
    """Show how many bytes of DVC's cache each branch, tag and stage needs, and the unneeded rest.

    Example: python -m pipelines space
    """
    repository = Repository(Path.cwd())
    with cache_of(repository, runs, typer.echo) as (cache, kept_refs):
        Console().print(*tables(repository.folder, cache, kept_refs), sep="\n")
