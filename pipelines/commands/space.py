"""Show what DVC's cache holds."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.dvc.inventory import kept_refs
from pipelines.dvc.retention import tables
from pipelines.dvc.storage import locked_storage
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
    owner = f"space (process {os.getpid()})"
    with locked_storage(repository, owner, typer.echo) as storage:
        refs = kept_refs(repository.folder, runs)
        Console().print(*tables(repository.folder, storage, refs), sep="\n")
