"""Run the function of a helper process, which reports an error in one sentence."""

from collections.abc import Callable

import typer

from pipelines.errors import PipelineError, explaining
from pipelines.exit_codes import ExitCode


def run(main: Callable[..., None]) -> None:
    """Run ``main`` with the arguments of this process; print a ``PipelineError`` and exit with 1.

    Errors of the operating system, such as a full disk, are printed in the same way.
    """
    try:
        with explaining():
            typer.run(main)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(ExitCode.ERROR) from None
