"""Read how DVC's run of one stage ended."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


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
