"""Promote a commit's model, or go back to the one before.

``python -m pipelines.promote promote COMMIT``, ``python -m pipelines.promote rollback STAGE``.
Versions and stages are Git tags, see ``pipelines.promotion.tags``.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pipelines.checkout import Repository
from pipelines.errors import PipelineError
from pipelines.promotion.promoting import promote_commit, roll_back

Remote = Annotated[
    str | None, typer.Option("--push", help="remote of Git that the tags are pushed to")
]
app = typer.Typer(add_completion=False)


@app.command()
def promote(
    revision: Annotated[str, typer.Argument(help="a commit, by any name that Git knows")] = "HEAD",
    push: Remote = None,
) -> None:
    """Promote a commit whose gate is open: register a version, and assign the gate's stage."""
    _tell(lambda repository: promote_commit(repository, revision, push))


@app.command()
def rollback(
    stage: Annotated[str, typer.Argument(help="of GTO, such as production")],
    push: Remote = None,
) -> None:
    """Assign a stage to the version that had it before."""
    _tell(lambda repository: roll_back(repository, stage, push))


def _tell(act: Callable[[Repository], str]) -> None:
    try:
        typer.echo(act(Repository(Path.cwd())))
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    app()
