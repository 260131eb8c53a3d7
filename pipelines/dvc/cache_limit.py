"""A bound for DVC's cache on a worker: what was used least recently goes first."""

import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import PipelineError


class Kept(NamedTuple):
    """An object in a cache."""

    name: str
    path: Path
    size: int
    """Bytes."""
    used: float
    """When it was last used, in seconds of the clock of files."""


BUDGET = "PIPELINE_CACHE_GIGABYTES"
"""The variable that says how large the cache may be."""


def read_budget(environment: Mapping[str, str]) -> int | None:
    """Give the bytes that the cache may have; none if there is no bound.

    Raises:
        PipelineError: the variable is not a number above 0.
    """
    if not (said := environment.get(BUDGET)):
        return None
    try:
        gigabytes = float(said)
    except ValueError:
        gigabytes = math.nan
    if not 0 < gigabytes < math.inf:
        raise PipelineError(f"{BUDGET}: expected a number of gigabytes above 0, found {said!r}.")
    return int(gigabytes * 10**9)


def mark_used(paths: Iterable[Path]) -> None:
    """Note that objects are in use now."""
    for path in paths:
        os.utime(path)


def keep_within(budget: int | None, cache: Path, needed: Collection[str]) -> int:
    """Remove from a cache what makes it exceed its budget.

    Args:
        budget: bytes; none if there is no bound.
        cache: DVC's.
        needed: names of objects that stay, even if they exceed it alone.

    Returns:
        The bytes that were freed.
    """
    if budget is None:
        return 0
    gone = surplus(budget, list(objects_in(cache)), needed)
    for kept in gone:
        kept.path.unlink()
    return sum(kept.size for kept in gone)


def surplus(budget: int, objects: Sequence[Kept], needed: Collection[str]) -> list[Kept]:
    """Choose what has to go, beginning with what was used least recently."""
    over = sum(kept.size for kept in objects) - budget
    gone = []
    for kept in sorted(objects, key=lambda kept: (kept.used, kept.name)):
        if over <= 0:
            break
        if kept.name not in needed:
            gone.append(kept)
            over -= kept.size
    return gone


def objects_in(cache: Path) -> Iterator[Kept]:
    """Give the objects that are in DVC's cache."""
    for path in (cache / "files" / "md5").glob("??/*"):
        status = path.stat()
        yield Kept(path.parent.name + path.name, path, status.st_size, status.st_mtime)
