"""Keep DVC's run cache readable."""

from contextlib import suppress
from pathlib import Path


def remove_empty_runs(cache: Path) -> None:
    """Remove empty folders from a run cache, because DVC fails on them with a traceback.

    DVC leaves one when it drops a truncated entry, or is killed before it writes an entry.
    """
    for runs in (cache / "runs").glob("*/*/"):
        # A folder with entries cannot be removed this way, and stays.
        with suppress(OSError):
            runs.rmdir()
