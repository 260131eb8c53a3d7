"""The commits that go between a run and a worker, and what they hold."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.answer import LOCK, Answer
from pipelines.checkout import git, identity
from pipelines.errors import ForgedError

REMOTE = "origin"
"""The remote of Git by which run and worker meet; each has its own address for it."""


def commit_as_is(folder: Path, paths: Sequence[str], message: str) -> str:
    """Commit a working copy's tracked files, and some others, on top of its HEAD.

    Its branch, its index and its files stay as they are.

    Returns:
        The commit's hash.

    Raises:
        PipelineError: a path is not there, or Git ignores it.
    """
    with TemporaryDirectory() as temporary:
        index = Path(temporary, "index")
        shutil.copy(
            git(folder, "rev-parse", "--path-format=absolute", "--git-path", "index"), index
        )
        git(folder, "add", "--update", ".", index=index)
        git(folder, "add", "--", *map(_literally, paths), index=index)
        tree = git(folder, "write-tree", index=index)
    return git(folder, *identity(folder), "commit-tree", tree, "-p", "HEAD", "-m", message)


def commit_answer(folder: Path, paths: Sequence[str], message: str) -> str:
    """Commit these paths of a worker's checkout, changed or not, and give the commit's hash."""
    git(folder, "add", "--all", "--force", "--", *map(_literally, paths))
    tree = git(folder, "write-tree")
    return git(folder, *identity(folder), "commit-tree", tree, "-p", "HEAD", "-m", message)


def send(folder: Path, commit: str, branch: str) -> None:
    """Push a commit to a branch of the remote; ``PipelineError`` if it refuses."""
    git(folder, "push", "--quiet", REMOTE, f"{commit}:refs/heads/{branch}")


def receive(folder: Path, branch: str) -> str:
    """Fetch a branch of the remote, and give its commit; ``PipelineError`` if there is none."""
    git(folder, "fetch", "--quiet", "--no-tags", REMOTE, f"refs/heads/{branch}")
    return git(folder, "rev-parse", "FETCH_HEAD")


def read_answer(folder: Path, requested: str, commit: str) -> Answer:
    """Read what Git has of an answer.

    Raises:
        ForgedError: its ``dvc.lock`` is no YAML.
    """
    raw = git(folder, "diff", "--raw", "-z", "--no-renames", requested, commit).split("\0")
    # Of each change ":MODE MODE HASH HASH STATUS", then the path.
    changes = {path: entry.split()[1] for entry, path in zip(raw[::2], raw[1::2], strict=False)}
    return Answer(
        parents=tuple(git(folder, "rev-list", "--parents", "-1", commit).split()[1:]),
        changes=changes,
        before=lock_of(folder, requested),
        after=lock_of(folder, commit),
    )


def lock_of(folder: Path, commit: str) -> Mapping[str, Any]:
    """Read ``dvc.lock`` as a commit has it; empty where there is none."""
    content = contents_of(folder, commit, LOCK).get("", b"")
    try:
        lock = YAML(typ="safe", pure=True).load(content) or {}
    except YAMLError as error:
        what = " ".join(str(error).split())
        raise ForgedError(f"expected {LOCK} of {commit} to be YAML, found {what}.") from None
    if not isinstance(lock, Mapping) or not isinstance(lock.get("stages", {}), Mapping):
        raise ForgedError(f"expected {LOCK} of {commit} to have records by stage, found none.")
    return lock


def contents_of(folder: Path, commit: str, path: str) -> dict[str, bytes]:
    """Give a file of a commit by the empty path, or a folder's files by their paths below it."""
    listed = git(folder, "ls-tree", "-r", "-z", "--full-tree", commit, "--", path)
    found = {}
    for line in filter(None, listed.split("\0")):
        about, name = line.split("\t", 1)
        blob = about.split()[2]
        below = name.removeprefix(path).removeprefix("/")
        command = ["git", "cat-file", "blob", blob]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
        found[below] = done.stdout
    return found


def _literally(path: str) -> str:
    """Keep Git from taking a path for a pattern."""
    return f":(top,literal){path}"
