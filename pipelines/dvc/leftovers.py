"""Find what killed processes and full disks have left in DVC's cache."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.dvc.cache_limit import LEFTOVERS, CachedObject

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


def leftovers(cache: Path) -> Iterator[CachedObject]:
    """Yield temporary files and folders, each named by its path in the cache.

    Hold DVC's lock when you call this: a process at work needs its temporary files.
    """
    for path in sorted(path for pattern in _PATTERNS for path in cache.glob(pattern)):
        files = [path, *path.rglob("*")] if path.is_dir() else [path]
        size = sum(file.lstat().st_size for file in files if not file.is_dir())
        name = path.relative_to(cache).as_posix()
        yield CachedObject(name, path, size, path.lstat().st_mtime)
