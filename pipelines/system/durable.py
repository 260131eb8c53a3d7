"""Write files so that a power loss leaves the old one or the new one, whole."""

import os
from contextlib import suppress
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a whole file, or leave the old one as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content)
        move(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Put a file in the place of another on the same file system."""
    # Else the new name may reach the disk before the content does.
    _flush(source)
    source.replace(target)
    # Not every file system can flush a folder; the new name then reaches the disk later.
    with suppress(OSError):
        _flush(target.parent)


def _flush(path: Path) -> None:
    """Have the disk hold a file's content, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
