"""Find what killed processes and full disks have left, in DVC's cache and beside outputs."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.dvc.cache_limit import LEFTOVERS, CachedObject
from stages.shared.parts import parts_below, parts_of, remove_parts
from stages.shared.stage_lock import BusyError, lock_path, locked

# Below the cache. DVC writes to a temporary file in the folder of an object or of a run, and its
# earlier versions unpacked folders beside their lists. The last two are of this project: downloads,
# and the list of removed objects while it is written.
_PATTERNS = (
    *(f"files/md5/??/*{suffix}" for suffix in LEFTOVERS),
    "files/md5/*.tmp",
    "runs/*/*/*.tmp",
    "incoming-*",
    ".*.part",
)

_LOCKS = lock_path("any").parent
# Folder of what stages keep for later runs.
_KEPT = Path("models")


def leftovers(cache: Path) -> Iterator[CachedObject]:
    """Yield temporary files and folders, each named by its path in the cache.

    Hold DVC's lock when you call this: a process at work needs its temporary files.
    """
    for path in sorted(path for pattern in _PATTERNS for path in cache.glob(pattern)):
        files = [path, *path.rglob("*")] if path.is_dir() else [path]
        size = sum(file.lstat().st_size for file in files if not file.is_dir())
        name = path.relative_to(cache).as_posix()
        yield CachedObject(name, path, size, path.lstat().st_mtime)


def remove_leftovers(stages: Iterable[Any]) -> None:
    """Remove the locks and temporary files of killed stages, of the project in the working folder.

    A stage removes its own when it starts, but may not have to start again.

    Args:
        stages: DVC's stage objects. Those that run now are left alone.
    """
    # A file that `dvc add` records is a stage without a name, and nothing runs for it.
    for stage in (stage for stage in stages if hasattr(stage, "name")):
        outputs = [Path(out.fs_path) for out in stage.outs if not out.persist]
        if lock_path(stage.name).exists() or any(map(parts_of, outputs)):
            with suppress(BusyError), locked(stage.name, patience=0):
                for output in outputs:
                    remove_parts(output)
    # No stage declares checkpoints, scores and the provenance; any running one may write them.
    if not any(_LOCKS.glob("*")):
        for part in parts_below(_KEPT):
            part.unlink(missing_ok=True)
