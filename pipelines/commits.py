"""What a commit has, read without a checkout of it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.checkout import git
from pipelines.errors import ForgedError

LOCK = "dvc.lock"
# Bytes. Of a dvc.lock; one of a thousand files has some 100 kB.
_LARGEST_LOCK = 1 << 24
LARGEST = 1 << 28
"""Bytes of a file or a folder in Git that is read into memory."""


def lock_of(folder: Path, commit: str, path: str = LOCK) -> Mapping[str, Any]:
    """Read a ``dvc.lock`` as a commit has it; empty where there is none."""
    content = contents_of(folder, commit, path, _LARGEST_LOCK).get("", b"")
    try:
        lock = YAML(typ="safe", pure=True).load(content) or {}
    except YAMLError as error:
        what = " ".join(str(error).split())
        raise ForgedError(f"expected {path} of {commit} to be YAML, found {what}.") from None
    if not isinstance(lock, Mapping) or not isinstance(lock.get("stages", {}), Mapping):
        raise ForgedError(f"expected {path} of {commit} to have records by stage, found none.")
    return lock


def contents_of(folder: Path, commit: str, path: str, limit: int = LARGEST) -> dict[str, bytes]:
    """Give a file of a commit by the empty path, or a folder's files by their paths below it.

    Raises:
        ForgedError: they have more bytes than the limit, in all.
    """
    listed = git(folder, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", path)
    entries = [line.split("\t", 1) for line in filter(None, listed.split("\0"))]
    blobs = {name: about.split()[2:] for about, name in entries}
    size = sum(int(size) for _, size in blobs.values())
    if size > limit:
        raise ForgedError(
            f"expected {path} of {commit} to have at most {limit} bytes, found {size}; nothing of "
            "it was read."
        )
    found = {}
    for name, (blob, _) in blobs.items():
        below = name.removeprefix(path).removeprefix("/")
        command = ["git", "cat-file", "blob", blob]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
        found[below] = done.stdout
    return found
