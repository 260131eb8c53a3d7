"""The command line of every stage and program."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from stages.errors import UserError

PathOption = Annotated[Path, typer.Option()]
"""A required option ``--name PATH``; stages take every path this way, from ``dvc.yaml``."""


def run(
    main: Callable[..., None], arguments: Sequence[str] | None = None, name: str | None = None
) -> None:
    """Run ``main`` with command-line arguments, each parameter of it an option.

    Args:
        main: of a stage or a program.
        arguments: in place of those of this process.
        name: of the command, for its help.

    Raises:
        SystemExit: with another code than 0, when the arguments are wrong or ``main`` fails.
    """
    application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    application.command()(main)
    try:
        with reporting_errors():
            application(arguments, prog_name=name)
    except SystemExit as end:
        if end.code:
            raise


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Turn a ``UserError`` into its sentence on standard error and its exit code."""
    try:
        yield
    except UserError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
