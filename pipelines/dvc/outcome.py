"""Read how DVC's run of one stage ended."""

import signal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

# Of the kernel and of native libraries; the others are sent by people and programs.
_OF_A_CRASH = (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)
# A shell's exit code is this plus the number of the signal that ended its command.
_BY_SIGNAL = 128


class Outcome(BaseModel):
    """The line of JSON that ``pipelines.dvc.processes.reproduce`` writes."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["ran", "restored", "cached", "failed"]
    exit_code: int | None = None
    """Exit code of the stage's command, if it failed."""


def read_outcome(path: Path) -> Outcome:
    """Read an outcome; a killed process writes none, which counts as failed."""
    try:
        return Outcome.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return Outcome(outcome="failed")


def crash(stage: str, exit_code: int | None) -> str | None:
    """Return a sentence about a stage that a signal ended, as when memory runs out, or ``None``."""
    for number in _OF_A_CRASH:
        if exit_code in {-number, _BY_SIGNAL + number}:
            return (
                f"expected {stage} to end by itself, found it ended by the signal {number.name}, "
                "as when memory runs out; end other programs, or use a machine with more memory, "
                "and run it again."
            )
    return None
