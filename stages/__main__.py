"""Run a stage: ``python -m stages STAGE --OPTION VALUE ...``, as ``dvc.yaml`` does.

The guard begins before the stage's code is imported: what is imported is what was hashed.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from stages.command import reporting_errors, run
from stages.errors import UserError
from stages.guard.session import guarded

_MODULES = {path.stem for path in Path(__file__).parent.glob("[a-z]*.py")}


class StageError(UserError):
    """There is no such stage."""


def main(arguments: list[str]) -> None:
    """Run the stage that the first argument names, with the others."""
    name, *options = arguments or ["none"]
    with reporting_errors(), guarded():
        run(_main_of(name), options, f"python -m stages {name}")


def _main_of(name: str) -> Callable[..., None]:
    module = import_module(f"stages.{name}") if name in _MODULES else None
    main: Callable[..., None] | None = getattr(module, "main", None)
    if main is None:
        raise StageError(f"expected the name of a stage of dvc.yaml, found {name}.")
    return main


if __name__ == "__main__":
    main(sys.argv[1:])
    # Libraries take up to seconds to shut down. Ending at once leaves no time for a change between
    # the last look at what the stage depends on and DVC's.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
