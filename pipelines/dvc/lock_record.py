"""Read ``dvc.lock``, where DVC records every stage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import RecordError
from pipelines.git.commits import contents_of
from stages.shared.formats import LARGEST_YAML, FormatError, parse_yaml, read_file

LOCK = "dvc.lock"
LARGEST_LOCK = LARGEST_YAML
"""Maximum size of a ``dvc.lock`` in bytes."""
CONFLICT = b"<<<<<<< "
"""How a conflict begins that Git leaves in a file."""


def lock_at(folder: Path, commit: str, path: str = LOCK) -> Mapping[str, Any]:
    """Read a commit's ``dvc.lock``; empty if the commit has none."""
    content = contents_of(folder, commit, path, LARGEST_LOCK).get("", b"")
    return read_lock(content, f"{path} of {commit}")


def lock_in(folder: Path, path: str = LOCK) -> Mapping[str, Any]:
    """Read a ``dvc.lock`` or a ``.dvc`` file of a working copy; without it, no stage is recorded.

    Raises:
        RecordError: it is not a regular file, or is not YAML, or has no records by stage.
    """
    try:
        content = read_file(folder / path, LARGEST_LOCK)
    except FileNotFoundError:
        return {"stages": {}}
    except (FormatError, OSError) as error:
        raise RecordError(f"{path}: expected a lock, found: {error}; restore it.") from None
    return read_lock(content, path)


def read_lock(content: bytes, name: str) -> Mapping[str, Any]:
    """Parse the content of a ``dvc.lock`` or a ``.dvc`` file.

    Args:
        content: of the file.
        name: the file's name in error messages.

    Raises:
        RecordError: it is not YAML, or has no records by stage.
    """
    try:
        lock = parse_yaml(content) or {}
    except FormatError as error:
        raise RecordError(f"{name}: {error}; restore it.") from None
    stages = lock.get("stages", {}) if isinstance(lock, dict) else None
    if not isinstance(stages, dict) or not all(isinstance(one, dict) for one in stages.values()):
        raise RecordError(f"expected {name} to have records by stage, found none; restore it.")
    return lock
