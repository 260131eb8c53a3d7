"""Check and repair DVC's cache and its default remote as one store."""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple, get_args

from pipelines.dvc import inventory, remote
from pipelines.dvc.cache_limit import objects_in
from pipelines.dvc.folder_list import list_at
from pipelines.dvc.inventory import Need
from pipelines.dvc.objects import install, is_intact, object_path
from pipelines.dvc.outputs import DIRECTORY
from pipelines.dvc.remote import State
from pipelines.dvc.storage import Storage
from pipelines.errors import PipelineError
from pipelines.system import durable
from stages.shared.digests import md5_of

ObjectResult = Literal["repaired", "removed", "absent", "lost"]
OBJECT_RESULTS = get_args(ObjectResult)
"""What can happen to an object that is not intact."""
_MISSING: Mapping[ObjectResult, str] = {
    "removed": "removed by gc",
    "absent": "never in this cache, and there is no remote",
    "lost": "missing, lost",
}
_REMOVED = "removed-by-gc"


class Sides(NamedTuple):
    """The state of an object in the cache and in the remote."""

    cache: State
    remote: State | None
    """``None`` if there is no remote."""


class Removal(NamedTuple):
    """An object that was removed on purpose, and a commit that needed it at that time."""

    name: str
    commit: str


def note_removed(cache: Path, removals: Iterable[Removal]) -> None:
    """Note which objects were removed from a cache on purpose.

    The note covers only existing commits: if a later commit needs the object, it counts as lost.
    """
    noted = sorted({*removed_from(cache), *removals})
    durable.write(cache / _REMOVED, "".join(f"{' '.join(one)}\n" for one in noted).encode())


def removed_from(cache: Path) -> frozenset[Removal]:
    """Return the objects that were removed from a cache on purpose."""
    noted = cache / _REMOVED
    lines = noted.read_text().splitlines() if noted.exists() else []
    return frozenset(Removal(*line.split(" ", 1)) for line in lines if " " in line)


class Store:
    """DVC's cache and its default remote."""

    def __init__(self, folder: Path, storage: Storage) -> None:
        self._folder = folder
        self._cache = storage.cache
        self._has_remote = storage.has_remote
        self._removed = removed_from(self._cache)

    def repair(
        self, needs: Iterable[Need], kept: Collection[str], here: Collection[str]
    ) -> list[tuple[ObjectResult, str]]:
        """Rehash objects on both sides, and repair each from the other; return those not intact.

        Args:
            needs: the objects, with the commits that need them.
            kept: names of the objects that are never removed on purpose.
            here: names of the objects that a stage made or restored in this repository.
        """
        needed = inventory.by_name(needs)
        sides = self._sides(list(needed))
        lines: list[tuple[ObjectResult, str]] = []
        for name, of in needed.items():
            if_missing: ObjectResult = "absent"
            if all(Removal(name, need.commit) in self._removed for need in of) and name not in kept:
                if_missing = "removed"
            # A remote should have had everything.
            elif name in here or self._has_remote:
                if_missing = "lost"
            if found := self._repair_one(name, sides[name], if_missing):
                result, done = found
                commits = ", ".join(dict.fromkeys(need.commit[:7] for need in of))
                lines.append((result, f"{name} {of[0].path}: {done}; needed by {commits}"))
        return lines

    def replace(self, damaged: Iterable[Need], copies: Mapping[str, Path]) -> list[str]:
        """Move damaged objects of the cache aside, and replace those that have an intact copy.

        Args:
            damaged: the objects.
            copies: files outside of the cache, by the name of the object with the same content. The
                remote is asked for the others.

        Returns:
            A line for each object, and one about a remote that does not respond.
        """
        needed = inventory.by_name(damaged)
        quarantined = {name: self._quarantine(name) for name in needed}
        done, lines = dict[str, str](), []
        for name in (name for name in needed if name in copies):
            with self._incoming() as incoming:
                shutil.copyfile(copies[name], incoming / name)
                self._install(name, incoming, "the working copy")
            done[name] = f"copied from {copies[name].relative_to(self._folder)}"
        try:
            absent = [name for name in needed if name not in done]
            away = remote.states(self._folder, absent) if absent and self._has_remote else {}
            for name in (name for name in absent if away.get(name) == "intact"):
                self._fetch(name)
                done[name] = "fetched again"
        except PipelineError as error:
            lines.append(f"the remote was not used: {error}")
        for name, of in needed.items():
            what = done.get(name, f"stage {of[0].stage} will make it again")
            lines.append(f"{name} {of[0].path}: damaged, moved to {quarantined[name]}, {what}")
        return lines

    def quarantine_damaged(self, known: Collection[str]) -> tuple[int, list[str]]:
        """Rehash the other objects of the cache, and move damaged ones aside.

        Returns:
            The number of objects that were rehashed, and a line for each damaged one.
        """
        others = [one.name for one in objects_in(self._cache) if one.name not in known]
        damaged = sorted(name for name in others if self._state(name) == "damaged")
        return len(others), [
            f"{name}: damaged in the cache, moved to {self._quarantine(name)}" for name in damaged
        ]

    def lists(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the content of folder lists by name, from whichever side has an intact one."""
        names = [name for name in names if name.endswith(DIRECTORY)]
        here = [name for name in names if self._state(name) == "intact"]
        found = inventory.lists_in(self._cache, here)
        # A remote that is not needed may be away.
        if (away := [name for name in names if name not in found]) and self._has_remote:
            with TemporaryDirectory() as temporary:
                remote.fetch(self._folder, away, Path(temporary))
                places = {name: Path(temporary, name) for name in away}
                found |= {n: list_at(p) for n, p in places.items() if is_intact(n, p)}
        return found

    def has(self, name: str) -> bool:
        """Return whether the cache has an object, intact or not."""
        return object_path(self._cache, name).is_file()

    def _sides(self, names: Sequence[str]) -> Mapping[str, Sides]:
        away = remote.states(self._folder, names) if self._has_remote else {}
        return {name: Sides(self._state(name), away.get(name)) for name in names}

    def _state(self, name: str) -> State:
        place = object_path(self._cache, name)
        if not place.is_file():
            return "absent"
        return "intact" if is_intact(name, place) else "damaged"

    def _repair_one(
        self, name: str, sides: Sides, if_missing: ObjectResult
    ) -> tuple[ObjectResult, str] | None:
        """Return an object's result and what was done about it, or ``None`` if it is intact."""
        if "intact" not in sides:
            return self._result_without_copy(name, sides, if_missing)
        if sides.cache == "damaged":
            where = self._quarantine(name)
            self._fetch(name)
            return "repaired", f"damaged in the cache, moved to {where}, fetched again"
        if sides.remote == "damaged":
            remote.replace(self._folder, [name], self._cache)
            return "repaired", "damaged in the remote, moved to quarantine there, uploaded again"
        return None

    def _result_without_copy(
        self, name: str, sides: Sides, if_missing: ObjectResult
    ) -> tuple[ObjectResult, str]:
        if sides.cache == "damaged":
            where = self._quarantine(name)
            return "lost", f"damaged in the cache, moved to {where}, lost"
        if sides.remote == "damaged":
            return "lost", "damaged in the remote, lost"
        return if_missing, _MISSING[if_missing]

    def _quarantine(self, name: str) -> Path:
        place = object_path(self._cache, name)
        target = self._cache / "quarantine" / f"{name}-is-{md5_of(place)}"
        target.parent.mkdir(parents=True, exist_ok=True)
        place.replace(target)
        return target

    def _fetch(self, name: str) -> None:
        with self._incoming() as incoming:
            remote.fetch(self._folder, [name], incoming)
            self._install(name, incoming, "the remote")

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """Make a folder beside the objects, and remove it with what is not installed."""
        with TemporaryDirectory(dir=self._cache, prefix="incoming-") as temporary:
            yield Path(temporary)

    def _install(self, name: str, incoming: Path, where: str) -> None:
        if not is_intact(name, incoming / name):
            raise PipelineError(
                f"expected {name} to be intact in {where}, found it damaged; try again."
            )
        install(incoming / name, object_path(self._cache, name))
