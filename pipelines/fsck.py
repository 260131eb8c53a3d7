"""Rehash every object that any commit needs, and mend what can be: ``python -m pipelines.fsck``.

DVC itself takes a damaged object that cannot be written for a sound one. A damaged one is moved
aside, below ``quarantine`` where it lies, and comes again from the other side if that has it sound.
``EXITS`` has the exit codes.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from pipelines.checkout import Repository
from pipelines.errors import PipelineError
from pipelines.lock import cache_still
from pipelines.storage import inventory
from pipelines.storage.store import FATES, Store

EXITS = {"sound": 0, "lost": 3}
"""By what is left after the mending; 1 is an error, and 2 a wrong command line."""


class Report(NamedTuple):
    """What was found, in lines for a person."""

    looked_at: int
    mended: Sequence[str]
    aside: Sequence[str]
    """Damaged, moved aside, and needed by no commit, or held by Git itself."""
    removed: Sequence[str]
    """By ``make gc``, on behalf of no branch or tag, though older commits name it."""
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
    for kind in ("mended", "aside", "removed", "lost", "unread"):
        for line in getattr(report, kind):
            typer.echo(f"{kind:8}{line}")
    typer.echo(
        f"{report.looked_at} objects looked at: {len(report.mended)} mended, "
        f"{len(report.aside)} moved aside, {len(report.lost)} lost; "
        f"{len(report.unread)} commits unread."
    )
    raise SystemExit(EXITS["lost" if report.lost or report.unread else "sound"])


def check(folder: Path) -> Report:
    """Look at everything that the commits of a repository need, and mend it.

    Raises:
        PipelineError: the remote does not answer.
    """
    needs, unread = inventory.readable(folder, inventory.in_history(folder))
    # The garbage collector removes nothing that these need, however few runs it keeps.
    tips = [keeper.commit for keeper in inventory.keepers(folder, runs=0)]
    of_tips, _ = inventory.readable(folder, inventory.at_commits(folder, tips))
    store = Store(folder)
    # The lists first: what belongs to a folder stands in its own.
    lines = store.mend(needs, kept={need.name for need in of_tips})
    lists = store.lists({need.name for need in needs})
    inside = list(inventory.members(needs, lists))
    lines += store.mend(inside, kept={need.name for need in inventory.members(of_tips, lists)})
    known = {need.name for need in [*needs, *inside]}
    more, aside = store.put_aside(known)
    found = {kind: [line for one, line in lines if one == kind] for kind in FATES}
    return Report(
        len(known) + more, found["mended"], aside, found["removed"], found["lost"], unread
    )


if __name__ == "__main__":
    typer.run(main)
