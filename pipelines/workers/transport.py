"""Create, push and fetch the commits that a run and a worker exchange."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.dvc.lock_record import lock_at
from pipelines.git.command import git
from pipelines.git.repository import home_of, identity
from pipelines.workers.request import Request
from pipelines.workers.result import WorkerResult

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


def receive(folder: Path, branch: str) -> str:
    """Fetch a branch of the remote, and return its commit; ``PipelineError`` if there is none."""
    home = home_of(folder)
    git(home, "fetch", "--quiet", "--no-tags", REMOTE, f"refs/heads/{branch}")
    return git(home, "rev-parse", "FETCH_HEAD")


def read_result(folder: Path, request: Request, commit: str) -> WorkerResult:
    """Read a result from Git.

    Raises:
        RecordError: its ``dvc.lock`` is not YAML, or is too large.
    """
    raw = git(folder, "diff", "--raw", "-z", "--no-renames", request.commit, commit).split("\0")
    # Each change is ":MODE MODE HASH HASH STATUS", followed by its path.
    changes = {path: entry.split()[1] for entry, path in zip(raw[::2], raw[1::2], strict=False)}
    return WorkerResult(
        parents=tuple(git(folder, "rev-list", "--parents", "-1", commit).split()[1:]),
        changes=changes,
        before=lock_at(folder, request.commit, request.lock),
        after=lock_at(folder, commit, request.lock),
    )


def _literal_pathspec(path: str) -> str:
    """Keep Git from reading a path as a pattern."""
    return f":(top,literal){path}"
