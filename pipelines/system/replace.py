"""Replace several files and folders, all or none of them."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pipelines.system import durable


def replace_all(replacements: Sequence[tuple[Path, Path]]) -> None:
    """Move files and folders to their places; if one cannot be moved, put all old ones back.

    Args:
        replacements: each new file or folder, and its place on the same file system. The old one
            moves beside the new one, with ``.old`` after its name.

    Raises:
        OSError: one cannot be moved. All places are as before.
    """
    with ExitStack() as undo:
        for source, target in replacements:
            for parent in reversed(target.parents):
                if not parent.exists():
                    parent.mkdir()
                    undo.callback(parent.rmdir)
            old = source.with_name(f"{source.name}.old")
            # Registered first, since a signal can interrupt between two steps.
            undo.callback(_put_back, source, target, old)
            if os.path.lexists(target):
                target.rename(old)
            durable.move(source, target)
        undo.pop_all()


def _put_back(source: Path, target: Path, old: Path) -> None:
    if os.path.lexists(target) and not os.path.lexists(source):
        target.rename(source)
    if os.path.lexists(old):
        old.rename(target)
