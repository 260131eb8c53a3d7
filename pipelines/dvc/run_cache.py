"""Keep DVC's run cache readable."""

from contextlib import suppress
from pathlib import Path


def remove_empty_runs(cache: Path) -> None:
    """Remove the empty folders of a run cache, on which DVC fails with a traceback.

    DVC leaves one when it drops a truncated entry, or is killed before it writes an entry.
    """
    for runs in (cache / "runs").glob("*/*/"):
        # One with entries stays.
        with suppress(OSError):
            runs.rmdir()
