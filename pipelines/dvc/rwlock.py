"""Check the file in which DVC notes who reads and writes which paths, and remove a damaged one.

A full disk truncates it, and then it blocks every command of DVC's. It matters only while a command
is at work.
"""

import shutil
from pathlib import Path

from rich.filesize import decimal

from stages.shared.formats import FormatError, parse_json, read_file

PLACE = Path(".dvc", "tmp", "rwlock")


def damage(folder: Path) -> str | None:
    """Return what is found in place of a repository's locks, or ``None`` if they are intact."""
    try:
        found = parse_json(read_file(folder / PLACE))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (FormatError, OSError) as error:
        return str(error)
    if isinstance(found, dict) and all(isinstance(part, dict) for part in found.values()):
        return None
    return "expected locks for reading and writing, found other content"


def explanation(folder: Path) -> str | None:
    """Return a sentence about damage that a command of DVC's has just left, or ``None``."""
    if found := damage(folder):
        free = decimal(shutil.disk_usage(folder).free)
        return (
            f"expected DVC to write {folder / PLACE}, found it damaged ({found}), with {free} free "
            "there; free space, and run the command again."
        )
    return None


def remove_damaged(folder: Path) -> None:
    """Remove the file if it is damaged. Hold DVC's lock when you call this."""
    if damage(folder) and (folder / PLACE).is_file():
        (folder / PLACE).unlink()
