"""Rehash every object that any commit needs, and mend what can be: ``python -m pipelines.fsck``.

DVC itself takes a damaged object that cannot be written for a sound one. A damaged one is moved
aside, below ``quarantine`` where it lies, and comes again from the other side if that has it sound.
``EXITS`` has the exit codes.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import typer

from pipelines import inventory, remote
from pipelines.checkout import Repository, dvc
from pipelines.errors import PipelineError
from pipelines.inventory import Need
from pipelines.lock import cache_still
from pipelines.objects import DIRECTORY, hash_of, install, is_sound, object_path
from pipelines.remote import State

EXITS = {"sound": 0, "lost": 3}
"""By what is left after the mending; 1 is an error, and 2 a wrong command line."""


class Sides(NamedTuple):
    """What an object is on both sides."""

    cache: State
    remote: State | None
    """Nothing where there is no remote."""


class Report(NamedTuple):
    """What was found, in lines for a person."""

    looked_at: int
    mended: Sequence[str]
    lost: Sequence[str]
    unread: Sequence[str]


def main() -> None:
    """Rehash what commits need in DVC's cache and its remote; mend it, or say what is lost.

    Exit codes: 0 all is sound, or has been mended; 3 something is lost, or a commit cannot be read;
    1 an error, 2 a wrong command line.
    """
    try:
        repository = Repository(Path.cwd())
        folder, owner = repository.folder, f"fsck (process {os.getpid()})"
        with cache_still(folder, repository.state, owner, typer.echo):
            report = check(folder)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    for kind in ("mended", "lost", "unread"):
        for line in getattr(report, kind):
            typer.echo(f"{kind:8}{line}")
    typer.echo(
        f"{report.looked_at} objects looked at: {len(report.mended)} mended, "
        f"{len(report.lost)} lost; {len(report.unread)} commits unread."
    )
    raise SystemExit(EXITS["lost" if report.lost or report.unread else "sound"])


def check(folder: Path) -> Report:
    """Look at everything that the commits of a repository need, and mend it.

    Raises:
        PipelineError: the remote does not answer.
    """
    needs, unread = [], []
    for commit, lock in inventory.in_history(folder):
        try:
            needs += inventory.needs_of(folder, commit, lock)
        except PipelineError as error:
            unread.append(str(error))
    store = Store(folder)
    # The lists first: what belongs to a folder stands in its own.
    mended, lost = store.mend(needs)
    inside = list(inventory.members(needs, store.lists({need.name for need in needs})))
    mended_inside, lost_inside = store.mend(inside)
    looked_at = len({need.name for need in [*needs, *inside]})
    return Report(looked_at, mended + mended_inside, lost + lost_inside, unread)


class Store:
    """DVC's cache and its default remote, as one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache = Path(dvc(folder, "cache", "dir"))
        self._has_remote = remote.is_set(folder)

    def mend(self, needs: Iterable[Need]) -> tuple[list[str], list[str]]:
        """Rehash objects on both sides, and mend each from the other; say what came of it."""
        needed = inventory.by_name(needs)
        sides = self._sides(list(needed))
        mended: list[str] = []
        lost: list[str] = []
        for name, of in needed.items():
            done, is_lost = self._mend_one(name, sides[name])
            if not done:
                continue
            commits = ", ".join(dict.fromkeys(need.commit[:7] for need in of))
            line = f"{name} {of[0].path}: {done}; needed by {commits}"
            (lost if is_lost else mended).append(line)
        return mended, lost

    def lists(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read the lists of folders, wherever they are sound."""
        names = [name for name in names if name.endswith(DIRECTORY)]
        found = inventory.lists_in(self._cache, names)
        if self._has_remote:
            with TemporaryDirectory() as temporary:
                away = [name for name in names if name not in found]
                remote.fetch(self._folder, away, Path(temporary))
                places = {name: Path(temporary, name) for name in away}
                found |= {n: p.read_bytes() for n, p in places.items() if is_sound(n, p)}
        return found

    def _sides(self, names: Sequence[str]) -> Mapping[str, Sides]:
        away = remote.states(self._folder, names) if self._has_remote else {}
        return {name: Sides(self._state(name), away.get(name)) for name in names}

    def _state(self, name: str) -> State:
        place = object_path(self._cache, name)
        if not place.is_file():
            return "absent"
        return "sound" if is_sound(name, place) else "damaged"

    def _mend_one(self, name: str, sides: Sides) -> tuple[str, bool]:
        """Give what was done about an object, and whether it is lost; nothing if all is well."""
        if "sound" not in sides:
            if sides.cache == "damaged":
                where = self._quarantine(name)
                return f"damaged in the cache, moved to {where}, and sound nowhere", True
            return f"{'damaged' if sides.remote == 'damaged' else 'missing'}, sound nowhere", True
        if sides.cache == "damaged":
            where = self._quarantine(name)
            self._fetch(name)
            return f"damaged in the cache, moved to {where}, fetched again", False
        if sides.remote == "damaged":
            remote.replace(self._folder, [name], self._cache)
            return "damaged in the remote, moved to quarantine there, sent again", False
        return "", False

    def _quarantine(self, name: str) -> Path:
        place = object_path(self._cache, name)
        target = self._cache / "quarantine" / f"{name}-is-{hash_of(place)}"
        target.parent.mkdir(parents=True, exist_ok=True)
        place.replace(target)
        return target

    def _fetch(self, name: str) -> None:
        with TemporaryDirectory(dir=self._cache, prefix="incoming-") as temporary:
            remote.fetch(self._folder, [name], Path(temporary))
            if not is_sound(name, Path(temporary, name)):
                raise PipelineError(f"expected {name} to stay sound in the remote; try again.")
            install(Path(temporary, name), object_path(self._cache, name))


if __name__ == "__main__":
    typer.run(main)
