"""Replace locks that are cut short.

DVC writes a ``dvc.lock`` in place: a kill or a full disk at this moment leaves its beginning.
"""

from collections.abc import Callable
from pathlib import Path

from dvc.repo import Repo
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.utils.strictyaml import YAMLValidationError, validate

from pipelines.dvc.inventory import LOCKS
from pipelines.dvc.lock_record import CONFLICT, LARGEST_LOCK, read_lock
from pipelines.dvc.outputs import outputs_of
from pipelines.errors import PipelineError
from pipelines.git.commits import contents_of
from pipelines.system import durable
from stages.shared.formats import FormatError, read_file


def replace_cut_locks(folder: Path, log: Callable[[str], object]) -> None:
    """Put the last commit's locks in place of those that are not as DVC writes them.

    DVC's run cache still has the runs that only the cut lock recorded. A lock with a merge
    conflict stays as it is.
    """
    if not any(_is_cut(folder, name) for name in LOCKS):
        return
    # No other command is writing one of them.
    with Repo(str(folder), _wait_for_lock=True) as repo, repo.lock:
        for name in LOCKS:
            if _is_cut(folder, name) and _replace(folder, name):
                log(f"{name}: cut short when it was last written; continuing from the last commit")


def _is_cut(folder: Path, name: str) -> bool:
    try:
        content = read_file(folder / name, LARGEST_LOCK)
    except (FormatError, OSError):
        return False
    return CONFLICT not in content and not _is_whole(content, name)


def _is_whole(content: bytes, name: str) -> bool:
    try:
        lock = read_lock(content, name)
        validate(lock, COMPILED_LOCKFILE_SCHEMA)
        outputs_of(lock, name)
    except (PipelineError, YAMLValidationError):
        return False
    return True


def _replace(folder: Path, name: str) -> bool:
    """Replace a lock, unless the last commit's is no better; return whether it did."""
    try:
        committed = contents_of(folder, "HEAD", name, LARGEST_LOCK).get("")
    except PipelineError:
        # There is no commit yet.
        committed = None
    if committed is None:
        (folder / name).unlink()
    elif _is_whole(committed, name):
        durable.write(folder / name, committed)
    else:
        return False
    return True
