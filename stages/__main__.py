"""Run a stage: ``python -m stages STAGE --OPTION VALUE ...``, as ``dvc.yaml`` does.

The guard starts before the stage's code is imported, so that the imported code is the hashed code.
"""

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from stages.shared.command import call, reporting_errors
from stages.shared.errors import UserError
from stages.shared.guard.session import guarded

_MODULES = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


class StageError(UserError):
    """The named stage does not exist."""


def main(arguments: list[str]) -> None:
    """Run the stage named by the first argument, with the other arguments as its options."""
    name, *options = arguments or ["nothing"]
    with reporting_errors(), guarded():
        # The guard must see the errors of the stage.
        call(_main_of(name), options, f"python -m stages {name}")


def _main_of(name: str) -> Callable[..., None]:
    # What is imported stays. To look for garbage in it takes a fifth of TensorFlow's import.
    gc.disable()
    module = import_module(f"stages.{name}") if name in _MODULES else None
    gc.freeze()
    gc.enable()
    main: Callable[..., None] | None = getattr(module, "main", None)
    if main is None:
        raise StageError(f"expected one of {', '.join(_MODULES)}; found {name}.")
    return main


if __name__ == "__main__":
    main(sys.argv[1:])
    # Libraries take up to seconds to shut down. Exit at once, so that no file can change between
    # the guard's last check and the moment when DVC hashes the dependencies.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
