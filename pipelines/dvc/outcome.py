"""How DVC's run of one stage ended."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class Outcome(BaseModel):
    """What ``pipelines.dvc.processes.reproduce`` reports as one line of JSON."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["ran", "restored", "cached", "failed"]
    exit_code: int | None = None
    """Of the stage's command, if that failed."""


def read_outcome(path: Path) -> Outcome:
    """Read a reported outcome; a process that was killed has reported none, and has failed."""
    try:
        return Outcome.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return Outcome(outcome="failed")
