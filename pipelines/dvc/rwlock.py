"""Keep the file readable in which DVC notes who reads and writes which paths."""

import json
import shutil
from pathlib import Path

from rich.filesize import decimal

_PLACE = Path(".dvc", "tmp", "rwlock")


def truncation(folder: Path) -> str | None:
    """Return a sentence if a full disk has truncated the file, which blocks every command of DVC's.

    Args:
        folder: of the repository.
    """
    path = folder / _PLACE
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        free = decimal(shutil.disk_usage(folder).free)
        return (
            f"expected DVC to write {path}, found it truncated, with {free} free there; free "
            "space, and run the command again."
        )
    return None


def remove_truncated(folder: Path) -> None:
    """Remove the file if it is truncated. Hold DVC's lock when you call this."""
    if truncation(folder):
        (folder / _PLACE).unlink()
