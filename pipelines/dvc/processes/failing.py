"""Collect the exit codes of failing stages, which DVC only puts into its messages."""

from collections.abc import Iterator
from contextlib import contextmanager

import dvc.stage.run
from dvc.stage.exceptions import StageCmdFailedError


@contextmanager
def exit_codes() -> Iterator[list[int]]:
    """Yield a list that gets the exit code of each command that fails while the block runs."""
    found: list[int] = []

    class NotedError(StageCmdFailedError):  # type: ignore[misc]
        def __init__(self, cmd: str, status: int | None = None) -> None:
            super().__init__(cmd, status)
            if status is not None:
                found.append(status)

    dvc.stage.run.StageCmdFailedError = NotedError
    try:
        yield found
    finally:
        dvc.stage.run.StageCmdFailedError = StageCmdFailedError
