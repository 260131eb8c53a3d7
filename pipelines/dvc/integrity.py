"""Rehash every object that a commit needs, and repair damaged ones from the other side.

DVC trusts read-only objects, even damaged ones. A damaged object is moved below ``quarantine/`` on
its side, and copied again from the side that has a sound one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.dvc import inventory
from pipelines.dvc.store import FATES, Store


class Report(NamedTuple):
    """The findings, as lines for the user."""

    looked_at: int
    repaired: Sequence[str]
    aside: Sequence[str]
    """Objects that were damaged and moved aside; no commit needs them, or Git itself holds them."""
    removed: Sequence[str]
    """Objects that `gc` of this project removed; only older commits name them, no branch or tag."""
    lost: Sequence[str]
    unread: Sequence[str]


def check(folder: Path) -> Report:
    """Check all objects that the commits of a repository need, and repair the damaged ones.

    Raises:
        PipelineError: the remote does not respond.
    """
    needs, unread = inventory.readable(folder, inventory.in_history(folder))
    # `gc` removes nothing that these commits need, however few runs it keeps.
    tips = [keeper.commit for keeper in inventory.keepers(folder, runs=0)]
    of_tips, _ = inventory.readable(folder, inventory.at_commits(folder, tips))
    store = Store(folder)
    # Repair folder lists first: they name the files in the folders.
    lines = store.repair(needs, kept={need.name for need in of_tips})
    lists = store.lists({need.name for need in needs})
    inside = list(inventory.members(needs, lists))
    lines += store.repair(inside, kept={need.name for need in inventory.members(of_tips, lists)})
    known = {need.name for need in [*needs, *inside]}
    more, aside = store.put_aside(known)
    found = {kind: [line for one, line in lines if one == kind] for kind in FATES}
    return Report(
        len(known) + more, found["repaired"], aside, found["removed"], found["lost"], unread
    )
