"""Check DVC's own files: what a killed command, a full disk or a merge may have left of them."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from pipelines.checks.result import CheckResult
from pipelines.dvc import rwlock
from pipelines.dvc.inventory import LOCKS
from pipelines.dvc.lock_record import CONFLICT, LARGEST_LOCK, read_lock
from pipelines.errors import RecordError
from stages.shared.formats import FormatError, read_file

_PART = "DVC files"


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check DVC's temporary files and the records of a repository."""
    results = [
        temporary_folder(folder),
        file_of_locks(folder),
        *(record(folder, name) for name in LOCKS),
    ]
    wrong = [result for result in results if result]
    yield from wrong or [CheckResult(_PART, "ok", "Locks and records can be read.")]


def temporary_folder(folder: Path) -> CheckResult | None:
    """Check that DVC can create files in its folder for temporary ones."""
    place = folder / ".dvc" / "tmp"
    if place.is_dir() or not place.exists():
        return None
    finding = "Expected .dvc/tmp to be a folder, found something else."
    return CheckResult(_PART, "missing", finding, "mv .dvc/tmp .dvc/tmp.old")


def file_of_locks(folder: Path) -> CheckResult | None:
    """Check the file in which DVC notes who reads and writes which output."""
    if found := rwlock.damage(folder):
        finding = f"Expected the locks in {rwlock.PLACE}, found: {found}."
        return CheckResult(_PART, "missing", finding, f"rm -r {rwlock.PLACE}")
    return None


def record(folder: Path, name: str) -> CheckResult | None:
    """Check that a ``dvc.lock`` can be read."""
    place = folder / name
    if not place.exists():
        return None
    content = b""
    try:
        content = read_file(place, LARGEST_LOCK)
        read_lock(content, name)
    except (RecordError, FormatError, OSError) as error:
        finding = f"Expected {name} as DVC wrote it, found: {error}."
        fix = f"git stash push -- {shlex.quote(name)}"
        if CONFLICT in content:
            finding = f"Expected {name} as DVC wrote it, found a merge conflict."
            # The other side stays in the branch that is merged, and runs of both in the run cache.
            fix = f"git checkout --ours -- {shlex.quote(name)} && make repro"
        return CheckResult(_PART, "missing", finding, fix)
    return None


def runs(cache: Path) -> CheckResult:
    """Check the run cache for what DVC fails on: empty folders, and entries that were cut off."""
    folder = cache / "runs"
    cut = [path for path in sorted(folder.glob("*/*/*")) if path.is_file() and not _is_whole(path)]
    empty = [path for path in sorted(folder.glob("*/*/")) if not any(path.iterdir())]
    if not cut and not empty:
        return CheckResult("DVC run cache", "ok", "All entries are whole.")
    finding = f"Expected whole entries in {folder}, found damaged: {(cut or empty)[0].name}."
    delete = f"find {shlex.quote(str(folder))} -empty -delete"
    # DVC runs a stage again whose entry is gone.
    remove = f"rm {shlex.join(map(str, cut))} && " if cut else ""
    return CheckResult("DVC run cache", "missing", finding, remove + delete)


def _is_whole(entry: Path) -> bool:
    try:
        return read_file(entry).endswith(b"\n")
    except FormatError:
        return False
