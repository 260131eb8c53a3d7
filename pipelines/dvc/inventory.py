"""List the DVC objects that commits need, from the records in their ``dvc.lock`` files."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipelines.dvc.folder_list import entries, list_at
from pipelines.dvc.lock_record import LOCK, lock_at, lock_in
from pipelines.dvc.objects import object_path
from pipelines.dvc.outputs import DIRECTORY, outputs_of
from pipelines.errors import PipelineError
from pipelines.git.command import git

LOCKS = (LOCK, "tuning/dvc.lock")
# A run's branch here, or what a remote had of it at the last fetch.
_RUN = re.compile(r"refs/(?:heads|remotes/[^/]+)/(runs/.+)")
# `dvc exp run` creates refs/exps.
_REFS = ("refs/heads", "refs/tags", "refs/remotes", "refs/exps")


class Need(NamedTuple):
    """An object that a commit needs."""

    name: str
    path: str
    """The path of the output that the object is or belongs to."""
    stage: str
    commit: str


class KeptRef(NamedTuple):
    """A ref whose objects are kept."""

    name: str
    commit: str


def kept_refs(folder: Path, runs: int) -> list[KeptRef]:
    """List the refs whose objects are kept: HEAD and all others, but only the newest ``runs/...``.

    Args:
        folder: of the repository.
        runs: how many of the newest ``runs/...`` branches to include, each with what the remotes
            have of it.
    """
    names = "%(refname) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)"
    order = ("--sort=-committerdate", f"--format={names}")
    listed = git(folder, "for-each-ref", *order, *_REFS)
    found = [KeptRef(*line.split()) for line in listed.splitlines()]
    runs_by_ref = {ref: match[1] for ref in found if (match := _RUN.fullmatch(ref.name))}
    newest = list(dict.fromkeys(runs_by_ref.values()))[:runs]
    return [KeptRef("HEAD", git(folder, "rev-parse", "HEAD"))] + [
        ref for ref in found if ref not in runs_by_ref or runs_by_ref[ref] in newest
    ]


def in_history(folder: Path, *, every: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the commits that changed a lock, reachable from any ref or HEAD, with the lock's path.

    If several commits have the same lock, only the newest is returned, unless ``every`` is set.
    """
    seen = set()
    # -m also compares a merge with each of its parents.
    options = ("--all", "--full-history", "-m", "--format=@%H", "--raw", "--no-abbrev")
    commit = ""
    for line in git(folder, "log", *options, "HEAD", "--", *LOCKS).splitlines():
        if line.startswith("@"):
            commit = line[1:]
        elif line.startswith(":"):
            about, path = line.split("\t", 1)
            blob = about.split()[3]
            if (every or (blob, path) not in seen) and blob.strip("0"):
                seen.add((blob, path))
                yield commit, path


def at_commits(folder: Path, commits: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield those of the given commits that have a lock, with its path."""
    for commit in dict.fromkeys(commits):
        for path in _listed(folder, commit, "--", *LOCKS):
            yield commit, path


def needs_of(folder: Path, commit: str, lock: str, *, all_named: bool = False) -> list[Need]:
    """List the objects that a commit's lock names and that its tree does not hold itself.

    For a folder, this is only the object with its list. With ``all_named``, include objects that
    the tree holds too: the cache also has them, so that DVC can restore the outputs of an earlier
    run.

    Raises:
        PipelineError: DVC did not write the lock.
    """
    paths = [] if all_named else _listed(folder, "-r", commit)
    in_git = {parent for path in paths for parent in (path, *map(str, Path(path).parents))}
    return [
        Need(output.md5, output.path, stage, commit)
        for stage, output in outputs_of(lock_at(folder, commit, lock), f"{lock} of {commit[:7]}")
        if output.path not in in_git
    ]


def needs_at(folder: Path, commits: Iterable[str], *, all_named: bool = False) -> list[Need]:
    """List the objects that the locks of commits name; see ``needs_of``.

    Raises:
        PipelineError: DVC did not write one of the locks.
    """
    return [
        need
        for commit, lock in at_commits(folder, commits)
        for need in needs_of(folder, commit, lock, all_named=all_named)
    ]


def readable(folder: Path, locks: Iterable[tuple[str, str]]) -> tuple[list[Need], list[str]]:
    """List what commits need, and the error messages of those whose lock cannot be read.

    Args:
        folder: of the repository.
        locks: commits, each with the path of a lock.
    """
    needs: list[Need] = []
    unreadable: list[str] = []
    for commit, lock in locks:
        try:
            needs += needs_of(folder, commit, lock)
        except PipelineError as error:
            unreadable.append(str(error))
    return needs, unreadable


def of_working_copy(folder: Path) -> list[Need]:
    """List the objects that the working copy's locks and ``.dvc`` files name, committed or not.

    For a folder, this is only the object with its list. The commit of each need is empty.

    Raises:
        PipelineError: DVC did not write one of the files.
    """
    added = git(folder, "ls-files", "-z", "--cached", "--others", "--", "*.dvc").split("\0")
    found = []
    for path in (*LOCKS, *added):
        if path:
            record = lock_in(folder, path)
            lock = {"stages": {path: record}} if path.endswith(".dvc") else record
            found += [Need(out.md5, out.path, stage, "") for stage, out in outputs_of(lock, path)]
    return found


def members(needs: Iterable[Need], lists: Mapping[str, bytes]) -> Iterator[Need]:
    """Yield the files inside the needed folders.

    Args:
        needs: anything but a folder is ignored.
        lists: the content of each available folder list, by its name.
    """
    for need in needs:
        if need.name in lists:
            for entry in entries(need.path, lists[need.name]):
                yield need._replace(name=entry.md5, path=f"{need.path}/{entry.relpath}")


def lists_in(cache: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return the content of the folder lists that a cache has, by name."""
    places = {name: object_path(cache, name) for name in names if name.endswith(DIRECTORY)}
    return {name: list_at(place) for name, place in places.items() if place.is_file()}


def by_name(needs: Iterable[Need]) -> dict[str, list[Need]]:
    """Group needs by object, in the order of their paths."""
    grouped: dict[str, list[Need]] = defaultdict(list)
    for need in sorted(needs, key=lambda need: (need.path, need.name)):
        grouped[need.name].append(need)
    return dict(grouped)


def of_dvc_files(folder: Path, commit: str) -> Iterator[Need]:
    """Yield the objects that a commit's ``.dvc`` files name; ``dvc add`` writes these files."""
    for path in (path for path in _listed(folder, "-r", commit) if path.endswith(".dvc")):
        found = {path: lock_at(folder, commit, path)}
        for _, output in outputs_of({"stages": found}, f"{path} of {commit[:7]}"):
            yield Need(output.md5, output.path, path, commit)


def _listed(folder: Path, *arguments: str) -> list[str]:
    """List paths of a commit's tree."""
    # Without -z, Git quotes a path that is not in ASCII.
    listed = git(folder, "ls-tree", "-z", "--name-only", "--full-tree", *arguments)
    return list(filter(None, listed.split("\0")))
