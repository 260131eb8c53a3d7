"""Versions and their stages, as Git tags by GTO's convention (https://dvc.org/doc/gto).

``NAME@v1.2.0`` registers a version of an artifact, ``NAME#STAGE#3`` is the third assignment of a
stage. All artifacts of ``dvc.yaml`` are promoted together, by the same version.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML

from pipelines.checkout import git, identity, output
from pipelines.errors import PipelineError

_GTO = (str(Path(sys.executable).parent / "gto"),)
# The author of tags where Git knows none.
_NOBODY = {"GIT_COMMITTER_NAME": "pipeline", "GIT_COMMITTER_EMAIL": "pipeline@localhost"}
_VERSION = re.compile(r"^v(\d+)\.(\d+)\.(\d+)$")


class Version(NamedTuple):
    """A registered version of an artifact."""

    name: str
    commit: str


def artifacts_of(folder: Path, commit: str) -> tuple[str, ...]:
    """Name the artifacts that the ``dvc.yaml`` of a commit declares.

    Raises:
        PipelineError: it declares none.
    """
    declared = YAML(typ="safe", pure=True).load(git(folder, "show", f"{commit}:dvc.yaml"))
    names = tuple(declared.get("artifacts", {}))
    if not names:
        raise PipelineError(f"{commit[:7]}: expected artifacts in dvc.yaml, found none.")
    return names


def versions(folder: Path, artifact: str) -> list[Version]:
    """List the versions of an artifact, the lowest first."""
    found = [
        Version(tag.removeprefix(f"{artifact}@"), commit)
        for tag, commit in _tags(folder, f"{artifact}@v*")
    ]
    return sorted(
        (version for version in found if _VERSION.match(version.name)),
        key=lambda version: _numbers(version.name),
    )


def next_version(known: Sequence[Version]) -> str:
    """Name the version after those that are known: the next minor one, or the first."""
    if not known:
        return "v1.0.0"
    major, minor, _ = _numbers(known[-1].name)
    return f"v{major}.{minor + 1}.0"


def held(folder: Path, artifact: str, stage: str) -> list[Version]:
    """List the versions that one can go back through, the one that has the stage last.

    A version that is assigned again takes those with it that came after it.
    """
    by_commit = {version.commit: version for version in versions(folder, artifact)}
    counted = sorted(
        (int(tag.rpartition("#")[2]), commit)
        for tag, commit in _tags(folder, f"{artifact}#{stage}#*")
        if tag.rpartition("#")[2].isdecimal()
    )
    stack: list[Version] = []
    for version in (by_commit[commit] for _, commit in counted if commit in by_commit):
        stack = stack[: stack.index(version) + 1] if version in stack else [*stack, version]
    return stack


def tag(folder: Path, artifacts: Sequence[str], version: Version, stage: str) -> list[str]:
    """Assign a stage to a version of all artifacts, and register it where it is not.

    Returns:
        The tags that were made.

    Raises:
        PipelineError: GTO refuses one; those that were made are removed.
    """
    before = _all_tags(folder)
    try:
        for artifact in artifacts:
            if version not in versions(folder, artifact):
                _gto(folder, "register", artifact, version.commit, "--version", version.name)
            _gto(folder, "assign", artifact, "--version", version.name, "--stage", stage, "--force")
    except PipelineError:
        untag(folder, sorted(_all_tags(folder) - before))
        raise
    return sorted(_all_tags(folder) - before)


def untag(folder: Path, tags: Sequence[str]) -> None:
    """Remove tags."""
    if tags:
        git(folder, "tag", "--delete", *tags)


def push(folder: Path, tags: Sequence[str], remote: str) -> None:
    """Push tags to a remote, all or none; ``PipelineError`` if it has one of them already."""
    refs = [f"refs/tags/{tag}" for tag in tags]
    git(folder, "push", "--quiet", "--atomic", "--end-of-options", remote, *refs)


def fetch(folder: Path, remote: str) -> None:
    """Fetch a remote's tags."""
    git(folder, "fetch", "--quiet", "--tags", "--end-of-options", remote)


def _gto(folder: Path, *arguments: str) -> None:
    author = {} if not identity(folder) else _NOBODY
    output(folder, _GTO, *arguments, environment=os.environ | author)


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, version.removeprefix("v").split("."))
    return major, minor, patch


def _tags(folder: Path, pattern: str) -> list[tuple[str, str]]:
    """Give the tags of a pattern, each with the commit that it is on."""
    names = "%(refname:short) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)"
    listed = git(folder, "for-each-ref", f"--format={names}", f"refs/tags/{pattern}")
    return [(tag, commit) for tag, commit in map(str.split, listed.splitlines())]


def _all_tags(folder: Path) -> set[str]:
    return {tag for tag, _ in _tags(folder, "*")}
