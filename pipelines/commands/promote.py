"""Promote a model."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.git.repository import Repository


def main(
    revision: Annotated[str, typer.Argument(help="A commit, branch or tag.")] = "HEAD",
    push: Annotated[
        str | None, typer.Option(metavar="REMOTE", help="Git remote to push the tags to.")
    ] = None,
) -> None:
    """Register a commit's model as a version, and assign the gate's stage to it.

    The commit's gate must pass. Versions and stages are Git tags.

    Example: python -m pipelines promote main --push origin
    """
    # Importing GTO takes a fifth of a second, which --help does not need.
    from pipelines.promotion.promote import promote_commit  # noqa: PLC0415

    typer.echo(promote_commit(Repository(Path.cwd()), revision, push, typer.echo))
