"""Rehash every object that a commit needs, and repair damaged ones from the other side.

DVC trusts read-only objects, even damaged ones. A damaged object is moved below ``quarantine/`` on
its side, and copied again from the side that has an intact one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.dvc import inventory
from pipelines.dvc.run_cache import names_in_runs
from pipelines.dvc.storage import Storage
from pipelines.dvc.store import OBJECT_RESULTS, Store


class Report(NamedTuple):
    """The findings, as lines for the user."""

    checked: int
    repaired: Sequence[str]
    quarantined: Sequence[str]
    """Damaged objects that were moved away; no commit needs them, or Git itself holds them."""
    removed: Sequence[str]
    """Objects that `gc` of this project removed; only older commits name them, no branch or tag."""
    absent: Sequence[str]
    """Objects that were never in this cache, such as those of other commits in a new clone."""
    lost: Sequence[str]
    unreadable: Sequence[str]


def check(folder: Path, storage: Storage, runs: int | None) -> Report:
    """Check the objects that the commits of a repository need, and repair the damaged ones.

    Args:
        folder: of the repository.
        storage: of the repository, locked.
        runs: how many of the newest branches ``runs/...`` to check besides HEAD, all other branches
            and tags; if ``None``, every commit is checked.

    Raises:
        PipelineError: the remote does not respond.
    """
    if runs is None:
        locks = inventory.in_history(folder)
    else:
        kept = [ref.commit for ref in inventory.kept_refs(folder, runs)]
        locks = inventory.at_commits(folder, kept)
    needs, unreadable = inventory.readable(folder, locks)
    # `gc` removes nothing that these commits need, however few runs it keeps.
    tips = [ref.commit for ref in inventory.kept_refs(folder, runs=0)]
    of_tips, _ = inventory.readable(folder, inventory.at_commits(folder, tips))
    store = Store(folder, storage)
    here = names_in_runs(storage.cache)
    # Repair folder lists first: they name the files in the folders.
    lines = store.repair(needs, {need.name for need in of_tips}, here)
    lists = store.lists({need.name for need in needs})
    inside = list(inventory.members(needs, lists))
    of_tips_inside = {need.name for need in inventory.members(of_tips, lists)}
    made = (need for need in needs if need.name in here or store.has(need.name))
    here_inside = {need.name for need in inventory.members(made, lists)}
    lines += store.repair(inside, of_tips_inside, here_inside)
    known = {need.name for need in [*needs, *inside]}
    more, quarantined = store.quarantine_damaged(known)
    found = {kind: [line for one, line in lines if one == kind] for kind in OBJECT_RESULTS}
    return Report(
        len(known) + more,
        found["repaired"],
        quarantined,
        found["removed"],
        found["absent"],
        found["lost"],
        unreadable,
    )
