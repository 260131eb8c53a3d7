"""Read DVC's run cache, and keep it readable."""

import re
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


def names_in_runs(cache: Path) -> set[str]:
    """Return the names of all objects that a run cache records, as an output or a dependency."""
    texts = (entry.read_text(errors="replace") for entry in (cache / "runs").glob("*/*/*"))
    return {name for text in texts for name in re.findall(r"\b[0-9a-f]{32}(?:\.dir)?\b", text)}
