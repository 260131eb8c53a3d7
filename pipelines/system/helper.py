"""Run a module of this project as a helper process that answers with one line of JSON."""

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
    module: str, *arguments: str, folder: Path = PROJECT, held: Sequence[int] = ()
) -> list[str]:
    """Have a module of this project answer, in a process of its own.

    Args:
        module: a name as of ``python -m``; it ends with 1 and a sentence when it cannot answer.
        arguments: of its command line.
        folder: to run it in, where Python finds this project.
        held: as of ``run``.

    Returns:
        The lines that it prints, of which the last is its answer.

    Raises:
        PipelineError: it cannot answer; its sentence.
    """
    lines: list[str] = []
    code = run([sys.executable, "-m", module, *arguments], folder, lines.append, held=held)
    if code or not lines:
        said = lines[-1].removeprefix("error: ") if lines else f"{module} ended with code {code}."
        raise PipelineError(said)
    return lines


def ask_for(
    form: type[Answer],
    module: str,
    *arguments: str,
    folder: Path = PROJECT,
    held: Sequence[int] = (),
) -> Answer:
    """Have a module answer in JSON of a form; see ``ask`` for the other arguments.

    Raises:
        PipelineError: it cannot answer, or its last line is something else.
    """
    line = ask(module, *arguments, folder=folder, held=held)[-1]
    try:
        return TypeAdapter(form).validate_json(line)
    except ValidationError:
        raise PipelineError(
            f"expected {module} to end with a line of JSON, found: {line[:200]}"
        ) from None
