"""Check whether Git can do what runs need, and which run holds the repository's lock."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pipelines.checks.result import Result
from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.git.repository import Repository
from pipelines.system.lock import held_by

# The first version with rev-parse --path-format.
_OLDEST = (2, 31)


def examine(folder: Path) -> Iterator[Result]:
    """Check Git and the repository that the folder is in."""
    yield (program := version())
    if program.state != "ok":
        return
    yield (found := repository(folder))
    if found.state != "ok":
        return
    yield identity(folder)
    yield working_copy(folder)
    yield lock(Repository(folder).state / "lock")


def version() -> Result:
    """Check that Git is installed and new enough."""
    fix = "sudo apt-get install git"
    expected = ".".join(map(str, _OLDEST))
    path = shutil.which("git")
    if not path:
        return Result("Git", "missing", f"Expected Git {expected} or newer, found none.", fix)
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)\.(\d+)\S*", said)
    if number and (int(number[1]), int(number[2])) >= _OLDEST:
        return Result("Git", "ok", f"{number[0]}, and {expected} or newer is expected.")
    finding = f"Expected Git {expected} or newer, found {said.strip() or 'no version'}."
    return Result("Git", "missing", finding, fix)


def repository(folder: Path) -> Result:
    """Check that the folder is in a repository that has a commit."""
    try:
        head = git(folder, "log", "-1", "--format=%h, %s")
    except PipelineError as error:
        fix = "git init && git add --all && git commit -m 'Begin'"
        if "dubious ownership" in str(error):
            fix = f"git config --global --add safe.directory {shlex.quote(str(folder))}"
        finding = f"Expected a repository with a commit, found: {error}."
        return Result("repository", "missing", finding, fix)
    return Result("repository", "ok", f"Its commit is {head}.")


def identity(folder: Path) -> Result:
    """Check that Git has a name and an address for the commits of runs."""
    try:
        found = git(folder, "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
    except PipelineError:
        finding = (
            "Expected user.name and user.email, found none: commits of runs are by 'pipeline'."
        )
        fix = "git config user.name NAME && git config user.email ADDRESS"
        return Result("Git identity", "warning", finding, fix)
    return Result("Git identity", "ok", f"Commits are by {found.rpartition('>')[0]}>.")


def working_copy(folder: Path) -> Result:
    """Check whether the working copy equals its commit."""
    changed = len(git(folder, "status", "--porcelain").splitlines())
    if not changed:
        return Result("working copy", "ok", "Nothing differs from the commit.")
    finding = f"Paths that differ from the commit, unseen by runs with a ref: {changed}."
    return Result("working copy", "warning", finding, "git add --all && git commit")


def lock(path: Path) -> Result:
    """Report which run holds the lock that other runs wait for."""
    if holder := held_by(path):
        return Result("run lock", "ok", f"Held by {holder}; other runs wait for it.")
    return Result("run lock", "ok", "Free.")
