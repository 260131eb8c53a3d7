"""Run the function of a helper process, which reports an error in one sentence."""

from collections.abc import Callable

import typer
from dvc.exceptions import DvcException

from pipelines.errors import PipelineError, explaining
from pipelines.exit_codes import ExitCode


def run(main: Callable[..., None]) -> None:
    """Run ``main`` with the arguments of this process.

    Print a ``PipelineError``, an error of DVC's or of the operating system as one line, and exit
    with 1.
    """
    try:
        with explaining():
            typer.run(main)
    except (DvcException, PipelineError) as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        raise SystemExit(ExitCode.ERROR) from None
