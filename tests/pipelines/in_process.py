"""DVC and GTO in the process of the tests: most of such a command's time is its import."""

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import typer

from pipelines import PROJECT
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository


def dvc(folder: Path, *arguments: str) -> None:
    """Run a command of DVC's, to prepare what a test is about; it prints nothing."""
    from dvc.cli import main  # noqa: PLC0415 - takes long, and few workers need it

    command, *others = arguments
    with contextlib.chdir(folder), _others_warnings():
        assert main([command, "--quiet", *others]) == 0, f"dvc {' '.join(arguments)} failed"


def repro(folder: Path, log: Callable[[str], object] = print) -> None:
    """Run a pipeline as ``python -m pipelines repro`` does, whatever its parameters are."""
    from pipelines.dvc.processes.repro import reproduce  # noqa: PLC0415 - see above

    with contextlib.chdir(folder), _others_warnings():
        assert reproduce(Repository(folder), [], log) == 0


def gto(folder: Path, *arguments: str) -> str:
    """Run a command of GTO's, and give what it prints."""
    from gto.cli import app  # noqa: PLC0415 - see above

    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), _others_warnings():
        assert not app(list(arguments), standalone_mode=False), f"gto {' '.join(arguments)} failed"
    return out.getvalue().strip()


def ask(
    module: str, *arguments: str, folder: Path = PROJECT, locks: Sequence[int] = ()
) -> list[str]:
    """Do what ``pipelines.system.helper.ask`` does, without another process."""
    assert not locks
    app = typer.Typer()
    app.command()(importlib.import_module(module).main)
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _others_warnings(),
    ):
        try:
            app(list(arguments), standalone_mode=False)
        except SystemExit:
            raise PipelineError(err.getvalue().strip().removeprefix("error: ")) from None
    return out.getvalue().splitlines()


@contextlib.contextmanager
def _others_warnings() -> Iterator[None]:
    """Those of other projects' code, which are no errors here, as in a process of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
