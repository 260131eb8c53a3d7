"""Rehash every object that a commit needs, and repair damaged ones from the other side.

DVC trusts read-only objects, even damaged ones. A damaged object is moved below ``quarantine/`` on
its side, and copied again from the side that has an intact one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.dvc import inventory
from pipelines.dvc.store import OBJECT_RESULTS, Store


class Report(NamedTuple):
    """The findings, as lines for the user."""

    checked: int
    repaired: Sequence[str]
    quarantined: Sequence[str]
    """Damaged objects that were moved away; no commit needs them, or Git itself holds them."""
    removed: Sequence[str]
    """Objects that `gc` of this project removed; only older commits name them, no branch or tag."""
    lost: Sequence[str]
    unreadable: Sequence[str]


def check(folder: Path) -> Report:
    """Check all objects that the commits of a repository need, and repair the damaged ones.

    Raises:
        PipelineError: the remote does not respond.
    """
    needs, unreadable = inventory.readable(folder, inventory.in_history(folder))
    # `gc` removes nothing that these commits need, however few runs it keeps.
    tips = [ref.commit for ref in inventory.kept_refs(folder, runs=0)]
    of_tips, _ = inventory.readable(folder, inventory.at_commits(folder, tips))
    store = Store(folder)
    # Repair folder lists first: they name the files in the folders.
    lines = store.repair(needs, kept={need.name for need in of_tips})
    lists = store.lists({need.name for need in needs})
    inside = list(inventory.members(needs, lists))
    lines += store.repair(inside, kept={need.name for need in inventory.members(of_tips, lists)})
    known = {need.name for need in [*needs, *inside]}
    more, quarantined = store.quarantine_damaged(known)
    found = {kind: [line for one, line in lines if one == kind] for kind in OBJECT_RESULTS}
    return Report(
        len(known) + more,
        found["repaired"],
        quarantined,
        found["removed"],
        found["lost"],
        unreadable,
    )
