"""What a commit has, read without a checkout of it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.checkout import git
from pipelines.errors import ForgedError, PipelineError
from stages.formats import FormatError, parse_yaml

LOCK = "dvc.lock"
LARGEST_LOCK = 1 << 24
"""Bytes of a ``dvc.lock``; one of a thousand files has some 100 kB."""
LARGEST = 1 << 28
"""Bytes of a file or a folder in Git that is read into memory."""


def lock_of(folder: Path, commit: str, path: str = LOCK) -> Mapping[str, Any]:
    """Read a ``dvc.lock`` as a commit has it; empty where there is none."""
    content = contents_of(folder, commit, path, LARGEST_LOCK).get("", b"")
    return read_lock(content, f"{path} of {commit}")


def read_lock(content: bytes, name: str) -> Mapping[str, Any]:
    """Read the content of a ``dvc.lock`` or a ``.dvc`` file.

    Args:
        content: of the file.
        name: what an error calls it.

    Raises:
        ForgedError: it is no YAML, or has no records by stage.
    """
    try:
        lock = parse_yaml(content) or {}
    except FormatError as error:
        raise ForgedError(f"{name}: {error}; run `dvc repro`.") from None
    stages = lock.get("stages", {}) if isinstance(lock, dict) else None
    if not isinstance(stages, dict) or not all(isinstance(one, dict) for one in stages.values()):
        raise ForgedError(f"expected {name} to have records by stage, found none; run `dvc repro`.")
    return lock


def contents_of(folder: Path, commit: str, path: str, limit: int = LARGEST) -> dict[str, bytes]:
    """Give a file of a commit by the empty path, or a folder's files by their paths below it.

    Raises:
        ForgedError: they have more bytes than the limit, in all.
    """
    listed = git(folder, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", path)
    entries = [line.split("\t", 1) for line in filter(None, listed.split("\0"))]
    blobs = {name: about.split()[2:] for about, name in entries}
    if inner := [name for about, name in entries if about.split()[1] != "blob"]:
        raise ForgedError(
            f"expected {path} of {commit} to be files, found a repository: {inner[0]}."
        )
    if lost := [name for name, (_, size) in blobs.items() if not size.isdecimal()]:
        raise PipelineError(f"expected Git to have {lost[0]} of {commit}, found none; `git fsck`.")
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
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True)
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise PipelineError(f"expected Git to have {name} of {commit}, found: {said}.")
        found[below] = done.stdout
    return found
