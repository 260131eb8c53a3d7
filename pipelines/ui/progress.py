"""Show in Prefect's UI the progress of a stage that works in epochs."""

import re
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from pipelines.ui.absence import server_may_be_away

# The line with which a stage reports the end of an epoch, such as "epoch 2/3: loss 0.35".
_EPOCH = re.compile(r"^epoch (\d+)/(\d+)\b")


class Progress:
    """Updates a progress artifact from a stage's output, after each epoch."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._artifact: UUID | None = None

    def read(self, line: str) -> None:
        """Process one line of the output."""
        found = _EPOCH.match(line)
        if not found:
            return
        done, epochs = map(int, found.groups())
        with server_may_be_away():
            self._show(100 * done / epochs, line)

    def _show(self, percent: float, line: str) -> None:
        if self._artifact is None:
            key = f"{self._stage.replace('_', '-')}-progress"
            created = create_progress_artifact(percent, key=key, description=line)
            self._artifact = cast("UUID", created)
        else:
            update_progress_artifact(self._artifact, percent, description=line)
