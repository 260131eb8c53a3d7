"""Run a module of this project as a helper process that prints one line of JSON."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from pipelines import PROJECT
from pipelines.errors import PipelineError
from pipelines.system.process import run

Answer = TypeVar("Answer")


def ask(
    module: str, *arguments: str, folder: Path = PROJECT, locks: Sequence[int] = ()
) -> list[str]:
    """Run a module of this project in a separate process, and return what it prints.

    Args:
        module: a name as for ``python -m``; on failure it exits with 1 after one sentence.
        arguments: of its command line.
        folder: its working directory, where Python finds this project.
        locks: see ``run``.

    Returns:
        The lines that it prints; the last one is its result.

    Raises:
        PipelineError: the module failed; the message is its sentence.
    """
    lines: list[str] = []
    code = run([sys.executable, "-m", module, *arguments], folder, lines.append, locks=locks)
    if code or not lines:
        message = (
            lines[-1].removeprefix("error: ") if lines else f"{module} exited with code {code}."
        )
        raise PipelineError(message)
    return lines


def ask_for(
    form: type[Answer],
    module: str,
    *arguments: str,
    folder: Path = PROJECT,
    locks: Sequence[int] = (),
) -> Answer:
    """Run a module and parse its result as JSON of a form; see ``ask`` for the other arguments.

    Raises:
        PipelineError: the module failed, or its last line does not have this form.
    """
    line = ask(module, *arguments, folder=folder, locks=locks)[-1]
    try:
        return TypeAdapter(form).validate_json(line)
    except ValidationError:
        raise PipelineError(
            f"expected {module} to end with a line of JSON, found: {line[:200]}"
        ) from None
