"""Limit the size of DVC's cache on a worker; the least recently used objects go first."""

import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import PipelineError


class CachedObject(NamedTuple):
    """An object in a cache."""

    name: str
    path: Path
    size: int
    """Bytes."""
    used: float
    """Time of the last use, in seconds of the file system's clock."""


BUDGET = "PIPELINE_CACHE_GIGABYTES"
"""The environment variable that limits the cache, in gigabytes."""
LEFTOVERS = (".tmp", ".unpacked")
"""Suffixes of what killed DVC processes leave among the objects."""


def read_budget(environment: Mapping[str, str]) -> int | None:
    """Return the cache's limit in bytes, or ``None`` if there is no limit.

    Raises:
        PipelineError: the variable is not a number above 0.
    """
    if not (value := environment.get(BUDGET)):
        return None
    try:
        gigabytes = float(value)
    except ValueError:
        gigabytes = math.nan
    if not 0 < gigabytes < math.inf:
        raise PipelineError(f"{BUDGET}: expected a number of gigabytes above 0, found {value!r}.")
    return int(gigabytes * 10**9)


def mark_used(paths: Iterable[Path]) -> None:
    """Mark objects as used now, except those that another user owns or that have vanished."""
    for path in paths:
        with suppress(FileNotFoundError, PermissionError):
            os.utime(path)


def keep_within(budget: int | None, cache: Path, needed: Collection[str]) -> int:
    """Remove objects from a cache until it fits its budget.

    Args:
        budget: bytes; ``None`` if there is no limit.
        cache: DVC's.
        needed: names of objects that stay, even if they alone exceed the budget.

    Returns:
        The number of bytes that were freed.
    """
    if budget is None:
        return 0
    gone = over_limit(budget, list(objects_in(cache)), needed)
    for entry in gone:
        # Another clone that shares the cache may have removed it.
        entry.path.unlink(missing_ok=True)
    return sum(entry.size for entry in gone)


def over_limit(
    budget: int, objects: Sequence[CachedObject], needed: Collection[str]
) -> list[CachedObject]:
    """Return the objects to remove, least recently used first."""
    over = sum(entry.size for entry in objects) - budget
    gone = []
    for entry in sorted(objects, key=lambda entry: (entry.used, entry.name)):
        if over <= 0:
            break
        if entry.name not in needed:
            gone.append(entry)
            over -= entry.size
    return gone


def objects_in(cache: Path) -> Iterator[CachedObject]:
    """Yield the objects in DVC's cache, without temporary files."""
    for path in (cache / "files" / "md5").glob("??/*"):
        if path.suffix in LEFTOVERS:
            continue
        # Another clone that shares the cache may remove it now.
        with suppress(FileNotFoundError):
            status = path.stat()
            yield CachedObject(path.parent.name + path.name, path, status.st_size, status.st_mtime)
