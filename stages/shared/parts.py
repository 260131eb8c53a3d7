"""Name the temporary files that become artifacts, and find those of killed processes."""

import glob
import tempfile
from pathlib import Path

_SUFFIX = ".part"


def new_part(path: Path) -> tuple[int, Path]:
    """Create an empty temporary file beside ``path``, and return its descriptor and path."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent)
    return descriptor, Path(name)


def remove_parts(path: Path) -> None:
    """Remove what killed processes left beside ``path``; call it where only one process writes."""
    for part in parts_of(path):
        part.unlink(missing_ok=True)


def parts_of(path: Path) -> list[Path]:
    """List the temporary files beside ``path`` that were to become it, by their names."""
    found = path.parent.glob(f".{glob.escape(path.name)}.*{_SUFFIX}")
    # mkstemp's random characters have no dot; those of "model.txt" are not of "model".
    return sorted(part for part in found if part.stem.count(".") == path.name.count(".") + 2)


def parts_below(folder: Path) -> list[Path]:
    """List the temporary files that were to become any file below ``folder``."""
    return sorted(folder.rglob(f".*{_SUFFIX}"))
