"""Run the function of a helper process, which reports an error in one sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from dvc.exceptions import DvcException
from dvc.utils.strictyaml import YAMLValidationError

from pipelines.errors import PipelineError, explaining
from pipelines.exit_codes import ExitCode


def run(main: Callable[..., None]) -> None:
    """Run ``main`` with the arguments of this process.

    Print a ``PipelineError``, an error of DVC's or of the operating system as one line, and exit
    with 1.
    """
    try:
        with explaining(), explaining_dvc():
            typer.run(main)
    except PipelineError as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        raise SystemExit(ExitCode.ERROR) from None


@contextmanager
def explaining_dvc() -> Iterator[None]:
    """Raise an error of DVC's in the block as a ``PipelineError`` of one line."""
    try:
        yield
    except YAMLValidationError as error:
        # Its text only counts the mistakes.
        mistakes = [
            f"{one.error_message}: {'.'.join(map(str, one.path))}" for one in error.exc.errors
        ]
        raise PipelineError(
            f"{Path(error.path)}: expected a pipeline as DVC defines it, found: "
            f"{'; '.join(mistakes)}; correct it."
        ) from error
    except DvcException as error:
        raise PipelineError(" ".join(str(error).split())) from error
