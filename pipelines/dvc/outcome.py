"""Read how DVC's run of one stage ended."""

import signal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

_MEMORY = (
    "as when memory runs out; end other programs, or use a machine with more memory, and run it "
    "again."
)
_BUG = (
    "a crash of one of its libraries; run it again, and if that does not help, recreate the "
    "environment: make --always-make setup."
)
# Of the kernel and of native libraries; the others are sent by people and programs. The kernel
# kills a process that exceeds the memory, and TensorFlow aborts when it gets none.
_OF_A_CRASH = {
    signal.SIGKILL: _MEMORY,
    signal.SIGABRT: _MEMORY,
    signal.SIGSEGV: _BUG,
    signal.SIGBUS: _BUG,
}
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
    """Return a sentence about a stage that a signal of a crash ended, or else ``None``."""
    for number, reason in _OF_A_CRASH.items():
        if exit_code in {-number, _BY_SIGNAL + number}:
            return (
                f"expected {stage} to end by itself, found it ended by the signal {number.name}, "
                f"{reason}"
            )
    return None
