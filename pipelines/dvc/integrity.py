"""Rehash every object that any commit needs, and repair damaged ones from the other side.

DVC trusts an object that cannot be written, even a damaged one. A damaged object is moved below
``quarantine/`` on its side, and copied again from the side that has it sound.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.dvc import inventory
from pipelines.dvc.store import FATES, Store


class Report(NamedTuple):
    """What was found, in lines for a person."""

    looked_at: int
    repaired: Sequence[str]
    aside: Sequence[str]
    """Damaged, moved aside, and needed by no commit, or held by Git itself."""
    removed: Sequence[str]
    """By ``python -m pipelines gc``: only older commits name it, and no branch or tag."""
    lost: Sequence[str]
    unread: Sequence[str]


def check(folder: Path) -> Report:
    """Look at everything that the commits of a repository need, and repair it.

    Raises:
        PipelineError: the remote does not answer.
    """
    needs, unread = inventory.readable(folder, inventory.in_history(folder))
    # The garbage collector removes nothing that these need, however few runs it keeps.
    tips = [keeper.commit for keeper in inventory.keepers(folder, runs=0)]
    of_tips, _ = inventory.readable(folder, inventory.at_commits(folder, tips))
    store = Store(folder)
    # The lists first: what belongs to a folder stands in its own.
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
