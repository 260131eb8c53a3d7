"""Check whether Git can do what runs need, and which run holds the repository's lock."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pipelines.checks.result import CheckResult
from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.git.repository import Repository
from pipelines.system.lock import held_by

# The first version with rev-parse --path-format.
_OLDEST = (2, 31)


def run_checks(folder: Path) -> Iterator[CheckResult]:
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


def version() -> CheckResult:
    """Check that Git is installed and new enough."""
    fix = "sudo apt-get install git"
    expected = ".".join(map(str, _OLDEST))
    path = shutil.which("git")
    if not path:
        return CheckResult("Git", "missing", f"Expected Git {expected} or newer, found none.", fix)
    output = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)\.(\d+)\S*", output)
    if number and (int(number[1]), int(number[2])) >= _OLDEST:
        return CheckResult("Git", "ok", f"{number[0]}; {expected} or newer is required.")
    finding = f"Expected Git {expected} or newer, found {output.strip() or 'no version'}."
    return CheckResult("Git", "missing", finding, fix)


def repository(folder: Path) -> CheckResult:
    """Check that the folder is in a repository that has a commit."""
    try:
        Repository(folder)
        head = git(folder, "log", "-1", "--format=%h, %s")
    except PipelineError as error:
        fix = "git init && git add --all && git commit -m 'Begin'"
        if "dubious ownership" in str(error):
            fix = f"git config --global --add safe.directory {shlex.quote(str(folder))}"
        finding = f"Expected a repository with a commit, found: {error}."
        return CheckResult("repository", "missing", finding, fix)
    return CheckResult("repository", "ok", f"HEAD is {head}.")


def identity(folder: Path) -> CheckResult:
    """Check that Git has a name and an address for the commits of runs."""
    try:
        found = git(folder, "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
    except PipelineError:
        finding = "Expected user.name and user.email, found none; runs commit as 'pipeline'."
        fix = "git config user.name NAME && git config user.email ADDRESS"
        return CheckResult("Git identity", "warning", finding, fix)
    return CheckResult("Git identity", "ok", f"Commits are by {found.rpartition('>')[0]}>.")


def working_copy(folder: Path) -> CheckResult:
    """Check whether the working copy equals its commit."""
    changed = len(git(folder, "status", "--porcelain").splitlines())
    if not changed:
        return CheckResult("working copy", "ok", "No uncommitted changes.")
    finding = f"Expected no uncommitted changes, found {changed}; runs with a ref ignore them."
    return CheckResult("working copy", "warning", finding, "git add --all && git commit")


def lock(path: Path) -> CheckResult:
    """Report which run holds the lock that other runs wait for."""
    if holder := held_by(path):
        return CheckResult("run lock", "ok", f"Held by {holder}; other runs wait for it.")
    return CheckResult("run lock", "ok", "No run holds it.")
