"""Find out who needs the objects of DVC's cache, and remove those that nobody needs.

Objects are kept if the working copy, a branch or a tag needs them. Of the branches ``runs/...``,
only the newest count. DVC's own ``gc`` keeps all branches or none.
"""

import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from rich.filesize import decimal
from rich.table import Column, Table
from rich.text import Text

from pipelines.dvc import inventory
from pipelines.dvc.cache_limit import CachedObject, objects_in
from pipelines.dvc.inventory import KeptRef, Need
from pipelines.dvc.leftovers import leftovers
from pipelines.dvc.outputs import DIRECTORY
from pipelines.dvc.storage import Storage
from pipelines.dvc.store import Removal, Store, note_removed
from pipelines.errors import PipelineError
from pipelines.system.helper import ask_for
from stages.shared.text import printable


def remove(folder: Path, cache: Path, gone: Sequence[CachedObject]) -> None:
    """Remove objects, and note which commits needed them: fsck does not report them as lost."""
    names = {entry.name for entry in gone}
    needs, _ = inventory.readable(folder, inventory.in_history(folder, every=True))
    lists = inventory.lists_in(cache, names)
    removals = {
        Removal(need.name, need.commit)
        for need in (*needs, *inventory.members(needs, lists))
        if need.name in names
    }
    noted = False
    with suppress(OSError):
        note_removed(cache, sorted(removals))
        noted = True
    for entry in gone:
        if entry.path.is_dir() and not entry.path.is_symlink():
            shutil.rmtree(entry.path)
        else:
            # Writing the note has replaced what an earlier process left of it.
            entry.path.unlink(missing_ok=True)
    # On a full disk, the note fits only after the removal.
    if not noted:
        note_removed(cache, sorted(removals))


def _all_needs(folder: Path, store: Store, commits: Iterable[str]) -> list[Need]:
    """List everything that the given commits need, including files in folders.

    Raises:
        PipelineError: a commit's lock cannot be read or a folder's list is missing everywhere, so
            that what they need is unknown.
    """
    commits = list(dict.fromkeys(commits))
    needs = inventory.needs_at(folder, commits, all_named=True)
    needs += [need for commit in commits for need in inventory.of_dvc_files(folder, commit)]
    return [*needs, *inventory.members(needs, _lists(folder, store, needs))]


def _lists(folder: Path, store: Store, needs: Iterable[Need]) -> Mapping[str, bytes]:
    """Return the lists of the folders in DVC's cache.

    DVC keeps no list of a folder with ``cache: false``, so its cache holds nothing for it
    (https://github.com/iterative/dvc/issues/4428).
    """
    lists = store.lists({need.name for need in needs})
    missing = [n for n in needs if n.name.endswith(DIRECTORY) and n.name not in lists]
    uncached = _uncached(folder, {need.commit for need in missing})
    for need in missing:
        if need.path not in uncached[need.commit]:
            whose = need.commit[:7] or "the working copy"
            raise PipelineError(
                f"expected the list {need.name} of {need.path}, which {whose} needs, found none in "
                "the cache or the remote, so its files cannot be distinguished from unneeded ones; "
                "run `dvc repro` at that commit, or remove the branch or tag."
            )
    return lists


def _uncached(folder: Path, commits: Collection[str]) -> Mapping[str, Sequence[str]]:
    if not commits:
        return {}
    module = "pipelines.dvc.processes.uncached"
    return ask_for(dict[str, list[str]], module, "--", str(folder), *sorted(commits))


def unneeded(folder: Path, storage: Storage, refs: Sequence[KeptRef]) -> list[CachedObject]:
    """List the objects that nobody needs, by name, and then what killed processes have left.

    Raises:
        PipelineError: a lock cannot be read, so that what it needs is unknown.
    """
    store = Store(folder, storage)
    needs = _all_needs(folder, store, (ref.commit for ref in refs))
    return _unneeded(folder, store, storage.cache, needs)


def _unneeded(folder: Path, store: Store, cache: Path, needs: Iterable[Need]) -> list[CachedObject]:
    here = inventory.of_working_copy(folder)
    inside = inventory.members(here, _lists(folder, store, here))
    needed = {need.name for need in (*needs, *here, *inside)}
    objects = sorted(one for one in objects_in(cache) if one.name not in needed)
    return [*objects, *leftovers(cache)]


def tables(folder: Path, storage: Storage, refs: Sequence[KeptRef]) -> list[Table]:
    """Return the tables that rich prints: one by commit, one by stage of HEAD."""
    store = Store(folder, storage)
    sizes = {one.name: one.size for one in objects_in(storage.cache)}
    needs = _all_needs(folder, store, (ref.commit for ref in refs))
    names: dict[str, set[str]] = {ref.commit: set() for ref in refs}
    for need in needs:
        names[need.commit].add(need.name)
    needing = Counter(chain.from_iterable(names.values()))

    def size_of(objects: Iterable[str]) -> str:
        return decimal(sum(sizes.get(name, 0) for name in set(objects)))

    by_ref = _table("branch or tag", "needs", "only it needs")
    for commit, own in names.items():
        shown = ", ".join(_short(ref.name) for ref in refs if ref.commit == commit)
        alone = (name for name in own if needing[name] == 1)
        by_ref.add_row(*map(Text, (shown, size_of(own), size_of(alone))))
    left = _unneeded(folder, store, storage.cache, needs)
    by_ref.add_row(*map(Text, ("unneeded", decimal(sum(one.size for one in left)), "")))
    stages = _table("stage of HEAD", "its outputs")
    head = [need for need in needs if need.commit == refs[0].commit]
    for stage in dict.fromkeys(need.stage for need in head):
        size = size_of(need.name for need in head if need.stage == stage)
        stages.add_row(*map(Text, (printable(stage), size)))
    return [by_ref, stages]


def _short(ref: str) -> str:
    return printable(ref.removeprefix("refs/heads/").removeprefix("refs/"))


def _table(*headers: str) -> Table:
    first, *others = headers
    return Table(
        Column(first, overflow="fold"), *(Column(name, justify="right") for name in others)
    )
