"""The command line of every stage file."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from stages.errors import UserError

PathOption = Annotated[Path, typer.Option()]
"""A required option ``--name PATH``; stages take every path this way, from ``dvc.yaml``."""


def run(main: Callable[..., None]) -> None:
    """Run ``main`` with the process's arguments, each parameter of it an option.

    The message of a ``UserError`` goes to standard error, and its exit code is the process's.
    """
    application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    application.command()(main)
    try:
        application()
    except UserError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
