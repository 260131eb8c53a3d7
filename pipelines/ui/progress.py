"""Show in Prefect's UI the progress that a stage writes to a file.

A stage appends lines such as ``{"done": 2, "total": 3, "unit": "epoch", "values": {"loss": 0.35}}``
to the file that the environment variable ``PROGRESS_FILE`` names.
"""

import contextvars
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Self, cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from pipelines.ui.absence import server_may_be_away

# Seconds to wait for the last update when a stage has ended.
_LAST_UPDATE = 10
# Bytes to read at once; a longer line is not valid.
_LARGEST = 1 << 16


def _plain(text: str) -> str:
    # The UI renders descriptions as Markdown.
    if not text.isidentifier():
        raise PydanticCustomError("plain", "must be a name of letters, digits and _")
    return text


_Name = Annotated[str, Field(max_length=40), AfterValidator(_plain)]


class Report(BaseModel):
    """A line of the file."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)

    done: Annotated[int, Field(ge=0)]
    total: PositiveInt
    unit: _Name
    values: Annotated[dict[_Name, float], Field(max_length=20)] = {}

    @model_validator(mode="after")
    def _is_part_of_total(self) -> Self:
        if self.done > self.total:
            raise PydanticCustomError("part", "done must be at most total")
        return self

    @property
    def percent(self) -> float:
        """Return how much is done."""
        return 100 * self.done / self.total

    @property
    def description(self) -> str:
        """Return a line such as "epoch 2/3: loss 0.3500"."""
        values = ", ".join(f"{name} {value:.4f}" for name, value in self.values.items())
        return f"{self.unit} {self.done}/{self.total}" + (f": {values}" if values else "")


class ProgressFile:
    """Reads the lines that a stage appends to a file.

    Args:
        path: of the file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = 0

    def newest(self) -> Report | None:
        """Return the last valid report among the lines added since the last call, or ``None``."""
        for line in reversed(self._lines()):
            with suppress(ValidationError):
                return Report.model_validate_json(line)
        return None

    def _lines(self) -> list[bytes]:
        try:
            with self.path.open("rb") as file:
                file.seek(self._position)
                content = file.read(_LARGEST)
        except OSError:
            return []
        complete, newline, _ = content.rpartition(b"\n")
        if not newline and len(content) == _LARGEST:
            complete = content
        self._position += len(complete) + len(newline)
        return complete.splitlines()


class Progress:
    """Updates a progress artifact with the newest report of a stage, while a block runs.

    It does so in a thread: Prefect's client tries for minutes to reach a server that is away, and
    whoever reads the stage's output must not wait for that, or the stage would wait too.

    Args:
        stage: the stage's name.
        file: the reports.
    """

    def __init__(self, stage: str, file: ProgressFile) -> None:
        self._stage = stage
        self._file = file
        self._artifact: UUID | None = None
        self._due = threading.Event()
        self._ended = False
        # Prefect knows by the context which run an artifact belongs to.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=(self._update,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._due.set()
        self._thread.join(_LAST_UPDATE)

    def update(self) -> None:
        """Have the newest report shown soon."""
        self._due.set()

    def _update(self) -> None:
        ended = False
        while not ended:
            self._due.wait()
            self._due.clear()
            ended = self._ended
            if report := self._file.newest():
                with server_may_be_away():
                    self._show(report)

    def _show(self, report: Report) -> None:
        percent, description = report.percent, report.description
        if self._artifact is None:
            key = f"{self._stage.replace('_', '-')}-progress"
            created = create_progress_artifact(percent, key=key, description=description)
            self._artifact = cast("UUID", created)
        else:
            update_progress_artifact(self._artifact, percent, description=description)
