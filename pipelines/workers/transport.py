"""Create, push and fetch the commits that a run and a worker exchange."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.git.command import git
from pipelines.git.repository import home_of, identity

REMOTE = "origin"
"""The Git remote that a run and a worker share; each has its own address for it."""


def commit_as_is(folder: Path, paths: Sequence[str], message: str) -> str:
    """Commit a working copy's tracked files, and the given paths, on top of its HEAD.

    The current branch, the index and the files stay unchanged.

    Returns:
        The commit's hash.

    Raises:
        PipelineError: a path does not exist, or Git ignores it.
    """
    with TemporaryDirectory() as temporary:
        index = Path(temporary, "index")
        shutil.copy(
            git(folder, "rev-parse", "--path-format=absolute", "--git-path", "index"), index
        )
        git(folder, "add", "--update", ".", index=index)
        git(folder, "add", "--", *map(_literal_pathspec, paths), index=index)
        tree = git(folder, "write-tree", index=index)
    return git(folder, *identity(folder), "commit-tree", tree, "-p", "HEAD", "-m", message)


def commit_result(folder: Path, paths: Sequence[str], message: str) -> str:
    """Commit paths of a worker's worktree, changed or not, and return the commit's hash."""
    git(folder, "add", "--all", "--force", "--", *map(_literal_pathspec, paths))
    tree = git(folder, "write-tree")
    return git(folder, *identity(folder), "commit-tree", tree, "-p", "HEAD", "-m", message)


def send(folder: Path, commit: str, branch: str) -> None:
    """Force-push a commit to a branch of the remote; ``PipelineError`` if the remote refuses."""
    git(home_of(folder), "push", "--quiet", REMOTE, f"+{commit}:refs/heads/{branch}")


def withdraw(folder: Path, branch: str) -> None:
    """Delete a branch of the remote; ``PipelineError`` if the remote refuses."""
    git(home_of(folder), "push", "--quiet", REMOTE, "--delete", f"refs/heads/{branch}")


def receive(folder: Path, branch: str, *, check: bool = False) -> str:
    """Fetch a branch of the remote, and return its commit.

    Args:
        folder: in the repository.
        branch: of the remote.
        check: whether Git checks the form of the commit and its trees. It then changes neither
            branches nor packs here.

    Raises:
        PipelineError: there is no such branch, or a check failed.
    """
    home = home_of(folder)
    # Git writes a file that is larger than this to disk in pieces, instead of holding it in memory.
    options = ["-c", "core.bigFileThreshold=16m"]
    options += ["-c", "fetch.fsckObjects=true"] if check else []
    fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"]
    fetch += ["--refmap=", "--no-auto-maintenance"] if check else []
    # FETCH_HEAD is shared: an editor may fetch between the fetch here and reading it.
    own = f"refs/received-{branch.replace('/', '-')}"
    fetch += ["--no-write-fetch-head", REMOTE, f"+refs/heads/{branch}:{own}"]
    try:
        git(home, *options, *fetch)
        return git(home, "rev-parse", own)
    finally:
        git(home, "update-ref", "-d", own)


def _literal_pathspec(path: str) -> str:
    """Keep Git from reading a path as a pattern."""
    return f":(top,literal){path}"
