"""Define the command line that every stage and program shares."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from stages.shared.errors import UserError
from stages.shared.os_errors import explanation
from stages.shared.text import printable_lines

PathOption = Annotated[Path, typer.Option()]
"""A required option ``--name PATH``; stages receive every path this way from ``dvc.yaml``."""


def run(
    main: Callable[..., None], arguments: Sequence[str] | None = None, name: str | None = None
) -> None:
    """Run a program and report its errors; for the arguments see ``call``.

    Raises:
        SystemExit: the arguments are wrong or ``main`` fails; the code is not 0.
    """
    with reporting_errors():
        call(main, arguments, name)


def call(
    main: Callable[..., None], arguments: Sequence[str] | None = None, name: str | None = None
) -> None:
    """Call ``main`` with command-line arguments, with one option for each of its parameters.

    Args:
        main: the function of a stage or program.
        arguments: used in place of the arguments of this process.
        name: of the command, shown in its help.

    Raises:
        Exception: that of ``main``.
        SystemExit: the arguments are wrong; the code is not 0.
    """
    application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    application.command()(main)
    try:
        application(arguments, prog_name=name)
    except SystemExit as end:
        if end.code:
            raise


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Print a ``UserError`` to standard error and exit with its exit code.

    The same goes for an error of the operating system, such as a full disk, whose exit code is 1.
    """
    try:
        yield
    except UserError as error:
        typer.echo(f"error: {printable_lines(explanation(error) or error)}", err=True)
        raise SystemExit(error.exit_code) from None
    except Exception as error:
        sentence = explanation(error)
        if sentence is None:
            raise
        typer.echo(f"error: {printable_lines(sentence)}", err=True)
        raise SystemExit(UserError.exit_code) from None
