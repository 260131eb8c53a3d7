"""DVC and GTO in the process of the tests: most of such a command's time is its import."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path


def dvc(folder: Path, *arguments: str) -> None:
    """Run a command of DVC's, to prepare what a test is about; it prints nothing."""
    from dvc.cli import main  # noqa: PLC0415 - takes long, and few workers need it

    command, *others = arguments
    with contextlib.chdir(folder), _others_warnings():
        assert main([command, "--quiet", *others]) == 0, f"dvc {' '.join(arguments)} failed"


def gto(folder: Path, *arguments: str) -> str:
    """Run a command of GTO's, and give what it prints."""
    from gto.cli import app  # noqa: PLC0415 - see above

    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), _others_warnings():
        assert not app(list(arguments), standalone_mode=False), f"gto {' '.join(arguments)} failed"
    return out.getvalue().strip()


@contextlib.contextmanager
def _others_warnings() -> Iterator[None]:
    """Those of other projects' code, which are no errors here, as in a process of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
