"""What DVC's cache holds, and for whom; and the removal of what nobody needs.

``python -m pipelines.space show``, ``python -m pipelines.space collect [--force]``. What is kept is
what these need: the working copy, every branch and every tag, but of the branches ``runs/...`` the
newest alone. DVC's own ``gc`` keeps all branches or none.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Column, Table
from rich.text import Text

from pipelines.checkout import Repository, dvc
from pipelines.errors import PipelineError
from pipelines.lock import cache_still
from pipelines.storage import inventory
from pipelines.storage.budget import Kept, objects_in
from pipelines.storage.inventory import Keeper, Need, keepers
from pipelines.storage.outputs import DIRECTORY
from pipelines.storage.store import Removal, Store, note_removed

Runs = Annotated[int, typer.Option(min=0, help="of the newest branches runs/..., to keep")]
app = typer.Typer(add_completion=False)


@app.command()
def show(runs: Runs = 10) -> None:
    """Print how many bytes each branch and tag needs, each stage of HEAD, and nobody."""

    def told(folder: Path, cache: Path, keepers: Sequence[Keeper]) -> None:
        Console().print(*tables(folder, cache, keepers), sep="\n")

    _tell(told, runs)


@app.command()
def collect(
    runs: Runs = 10,
    force: Annotated[bool, typer.Option("--force", help="remove it, not only say so")] = False,
) -> None:
    """Remove from the cache what nobody needs; without --force only say what would go."""

    def told(folder: Path, cache: Path, keepers: Sequence[Keeper]) -> None:
        gone = surplus(folder, cache, keepers)
        if force:
            remove(folder, cache, gone)
        for kept in gone:
            typer.echo(f"{kept.name} {decimal(kept.size)}")
        what = f"{len(gone)} objects, {decimal(sum(kept.size for kept in gone))}"
        typer.echo(
            f"{what}: removed." if force else f"{what} would go; make gc FORCE=1 removes them."
        )

    _tell(told, runs)


def remove(folder: Path, cache: Path, gone: Sequence[Kept]) -> None:
    """Remove objects, and note for which commits, so that fsck can tell them from lost ones."""
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
    # On a disk that was full there is room for the note only now.
    if not noted:
        note_removed(cache, sorted(removals))


def needs_of(folder: Path, store: Store, commits: Iterable[str]) -> list[Need]:
    """List all that some commits need, what is in folders too.

    Raises:
        PipelineError: a commit's lock cannot be read, or a folder's list is nowhere: what they
            need cannot be told.
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
                "nowhere sound, so that its files cannot be told from what nobody needs; have it "
                "made again: dvc repro there, or remove the branch or tag."
            )
    return lists


def surplus(folder: Path, cache: Path, kept: Sequence[Keeper]) -> list[Kept]:
    """List the objects that nobody needs, by name.

    Raises:
        PipelineError: a lock cannot be read, so that what it needs is not known.
    """
    store = Store(folder)
    needed = {need.name for need in needs_of(folder, store, (keeper.commit for keeper in kept))}
    here = inventory.of_working_copy(folder)
    anonymous = [Need(name, "an output", "", "") for name in here]
    needed |= here | {need.name for need in inventory.members(anonymous, _lists(store, anonymous))}
    return sorted(one for one in objects_in(cache) if one.name not in needed)


def tables(folder: Path, cache: Path, kept: Sequence[Keeper]) -> list[Table]:
    """Make the tables that rich prints: by ref, by stage of HEAD."""
    store = Store(folder)
    sizes = {one.name: one.size for one in objects_in(cache)}
    by_commit = {
        keeper.commit: {need.name for need in needs_of(folder, store, [keeper.commit])}
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
    left = surplus(folder, cache, kept)
    refs.add_row(*map(Text, ("none of them", size_of(one.name for one in left), "")))
    stages = _table("stage of HEAD", "its outputs")
    head = needs_of(folder, store, [kept[0].commit])
    for stage in dict.fromkeys(need.stage for need in head):
        stages.add_row(*map(Text, (stage, size_of(n.name for n in head if n.stage == stage))))
    return [refs, stages]


def _table(*headers: str) -> Table:
    first, *others = headers
    return Table(
        Column(first, overflow="fold"), *(Column(name, justify="right") for name in others)
    )


def _tell(told: Callable[[Path, Path, Sequence[Keeper]], None], runs: int) -> None:
    try:
        repository = Repository(Path.cwd())
        folder, owner = repository.folder, f"a look at the cache (process {os.getpid()})"
        with cache_still(folder, repository.state, owner, typer.echo):
            told(folder, Path(dvc(folder, "cache", "dir")), keepers(folder, runs))
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    app()
