"""Check whether the disk has enough free space for a run."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipelines.checks.result import CheckResult

_GIGABYTE = 10**9
# A run with MNIST writes 0.12 GB; the same number of colour images takes ten times that.
CACHE_NEED = 2 * _GIGABYTE
# For temporary files of libraries and of the tests.
_TEMPORARY_NEED = _GIGABYTE


def run_checks() -> Iterator[CheckResult]:
    """Check the file system that holds temporary files."""
    folder = Path(tempfile.gettempdir())
    yield free_space("temporary space", folder, _TEMPORARY_NEED, "export TMPDIR=FOLDER")


def free_space(part: str, folder: Path, need: int, fix: str) -> CheckResult:
    """Check the free space of the file system that a folder is, or will be, on.

    Args:
        part: what the folder is for.
        folder: does not have to exist.
        need: bytes that should be free.
        fix: the command that frees space or selects another file system.
    """
    free = shutil.disk_usage(nearest(folder)).free
    found = f"{free / _GIGABYTE:.1f} GB free at {folder}"
    expected = f"{need / _GIGABYTE:g} GB"
    if free >= need:
        return CheckResult(part, "ok", f"{found}; {expected} are required.")
    return CheckResult(part, "missing", f"Expected {expected}, found {found}.", fix)


def nearest(folder: Path) -> Path:
    """Return the path if it exists, or else its nearest existing parent."""
    return next(path for path in (folder, *folder.parents) if path.exists())
