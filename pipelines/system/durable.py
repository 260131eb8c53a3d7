"""Write files so that a power loss leaves either the old or the new file complete."""

import os
from contextlib import suppress
from pathlib import Path

from stages.shared.os_errors import writing


def write(path: Path, content: bytes) -> None:
    """Write the complete file, or leave the old one unchanged."""
    temporary = path.with_name(f".{path.name}.part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            move(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Replace a file with another on the same file system."""
    # Without this, the new name may reach the disk before the content does.
    _flush(source)
    source.replace(target)
    # Not every file system can flush a folder; the new name then reaches the disk later.
    with suppress(OSError):
        _flush(target.parent)


def _flush(path: Path) -> None:
    """Flush a file's content, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
