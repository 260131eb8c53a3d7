"""Show what DVC's cache holds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.dvc.retention import cache_of, tables
from pipelines.git.repository import Repository


def main(
    runs: Annotated[int, typer.Option(min=0, help="Newest branches runs/... to keep.")] = 10,
) -> None:
    """Show how many bytes of DVC's cache each branch, tag and stage needs, and nobody needs.

    Example: python -m pipelines space
    """
    repository = Repository(Path.cwd())
    with cache_of(repository, runs, typer.echo) as (cache, keepers):
        Console().print(*tables(repository.folder, cache, keepers), sep="\n")
