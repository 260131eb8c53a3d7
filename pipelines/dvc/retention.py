"""Find out who needs the objects of DVC's cache, and remove those that nobody needs.

Objects are kept if the working copy, a branch or a tag needs them. Of the branches ``runs/...``,
only the newest count. DVC's own ``gc`` keeps all branches or none.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.filesize import decimal
from rich.table import Column, Table
from rich.text import Text

from pipelines.dvc import inventory
from pipelines.dvc.cache_limit import Kept, objects_in
from pipelines.dvc.command import dvc
from pipelines.dvc.inventory import Keeper, Need, keepers
from pipelines.dvc.outputs import DIRECTORY
from pipelines.dvc.store import Removal, Store, note_removed
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.system.lock import cache_still


@contextmanager
def cache_of(
    repository: Repository, runs: int, log: Callable[[str], object]
) -> Iterator[tuple[Path, list[Keeper]]]:
    """Keep DVC's cache unchanged while the block runs; yield its folder and the refs that need it.

    Args:
        repository: the repository with the cache.
        runs: how many of the newest branches ``runs/...`` are kept.
        log: called with a line if the block has to wait.
    """
    folder, owner = repository.folder, f"a look at the cache (process {os.getpid()})"
    with cache_still(folder, repository.state, owner, log):
        yield Path(dvc(folder, "cache", "dir")), keepers(folder, runs)


def remove(folder: Path, cache: Path, gone: Sequence[Kept]) -> None:
    """Remove objects, and note which commits needed them: fsck does not report them as lost."""
    names = {kept.name for kept in gone}
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
    for kept in gone:
        kept.path.unlink()
    # On a full disk, the note fits only after the removal.
    if not noted:
        note_removed(cache, sorted(removals))


def all_needs(folder: Path, store: Store, commits: Iterable[str]) -> list[Need]:
    """List everything that the given commits need, including files in folders.

    Raises:
        PipelineError: a commit's lock cannot be read or a folder's list is missing everywhere, so
            that what they need is unknown.
    """
    commits = list(dict.fromkeys(commits))
    needs = [
        need
        for commit, lock in inventory.at_commits(folder, commits)
        for need in inventory.needs_of(folder, commit, lock, all_named=True)
    ]
    needs += [need for commit in commits for need in inventory.of_dvc_files(folder, commit)]
    return [*needs, *inventory.members(needs, _lists(store, needs))]


def _lists(store: Store, needs: Iterable[Need]) -> Mapping[str, bytes]:
    lists = store.lists({need.name for need in needs})
    for need in needs:
        if need.name.endswith(DIRECTORY) and need.name not in lists:
            whose = need.commit[:7] or "the working copy"
            raise PipelineError(
                f"expected the list {need.name} of {need.path}, which {whose} needs, found it "
                "nowhere sound, so its files cannot be distinguished from unneeded ones; have it "
                "made again: dvc repro there, or remove the branch or tag."
            )
    return lists


def unneeded(folder: Path, cache: Path, kept: Sequence[Keeper]) -> list[Kept]:
    """List the objects that nobody needs, by name.

    Raises:
        PipelineError: a lock cannot be read, so that what it needs is unknown.
    """
    store = Store(folder)
    needed = {need.name for need in all_needs(folder, store, (keeper.commit for keeper in kept))}
    here = inventory.of_working_copy(folder)
    anonymous = [Need(name, "an output", "", "") for name in here]
    needed |= here | {need.name for need in inventory.members(anonymous, _lists(store, anonymous))}
    return sorted(one for one in objects_in(cache) if one.name not in needed)


def tables(folder: Path, cache: Path, kept: Sequence[Keeper]) -> list[Table]:
    """Return the tables that rich prints: one by ref, one by stage of HEAD."""
    store = Store(folder)
    sizes = {one.name: one.size for one in objects_in(cache)}
    by_commit = {
        keeper.commit: {need.name for need in all_needs(folder, store, [keeper.commit])}
        for keeper in kept
    }

    def size_of(names: Iterable[str]) -> str:
        return decimal(sum(sizes.get(name, 0) for name in set(names)))

    refs = _table("branch or tag", "needs", "needs alone")
    for keeper in kept:
        own = by_commit[keeper.commit]
        others = set().union(
            *(names for commit, names in by_commit.items() if commit != keeper.commit)
        )
        name = keeper.name.removeprefix("refs/heads/").removeprefix("refs/")
        refs.add_row(*map(Text, (name, size_of(own), size_of(own - others))))
    left = unneeded(folder, cache, kept)
    refs.add_row(*map(Text, ("none of them", size_of(one.name for one in left), "")))
    stages = _table("stage of HEAD", "its outputs")
    head = all_needs(folder, store, [kept[0].commit])
    for stage in dict.fromkeys(need.stage for need in head):
        stages.add_row(*map(Text, (stage, size_of(n.name for n in head if n.stage == stage))))
    return [refs, stages]


def _table(*headers: str) -> Table:
    first, *others = headers
    return Table(
        Column(first, overflow="fold"), *(Column(name, justify="right") for name in others)
    )
