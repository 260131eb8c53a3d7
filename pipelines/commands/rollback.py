"""Undo a promotion."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.git.repository import Repository


def main(
    stage: Annotated[str, typer.Argument(help="A stage, such as production.")] = "production",
    push: Annotated[
        str | None, typer.Option(metavar="REMOTE", help="Git remote to push the tags to.")
    ] = None,
) -> None:
    """Assign a stage to the version that had it before.

    Example: python -m pipelines rollback production
    """
    # Importing GTO takes a fifth of a second, which --help does not need.
    from pipelines.promotion.promote import roll_back  # noqa: PLC0415

    typer.echo(roll_back(Repository(Path.cwd()), stage, push, typer.echo))
