"""Read files of a commit without checking it out."""

import subprocess
from pathlib import Path

from pipelines.errors import PipelineError, RecordError
from pipelines.git.command import git
from pipelines.system.process import environment_for_programs

LARGEST = 1 << 28
"""Maximum size in bytes of a file or a folder in Git that is read into memory."""


def contents_of(folder: Path, commit: str, path: str, limit: int = LARGEST) -> dict[str, bytes]:
    """Return a commit's file under an empty path, or a folder's files by their paths below it.

    Raises:
        RecordError: their total size exceeds the limit, or they include another repository.
        PipelineError: Git lacks one of the files.
    """
    listed = git(folder, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", path)
    entries = [line.split("\t", 1) for line in filter(None, listed.split("\0"))]
    blobs = {name: about.split()[2:] for about, name in entries}
    if inner := [name for about, name in entries if about.split()[1] != "blob"]:
        raise RecordError(
            f"expected {path} of {commit} to be files, found a repository: {inner[0]}."
        )
    if lost := [name for name, (_, size) in blobs.items() if not size.isdecimal()]:
        raise PipelineError(
            f"expected Git to have {lost[0]} of {commit}, found none; check it: git fsck."
        )
    size = sum(int(size) for _, size in blobs.values())
    if size > limit:
        raise RecordError(
            f"expected {path} of {commit} to have at most {limit} bytes, found {size}; it was "
            "not read."
        )
    found = {}
    for name, (blob, _) in blobs.items():
        below = name.removeprefix(path).removeprefix("/")
        command = ["git", "cat-file", "blob", blob]
        done = subprocess.run(
            command, cwd=folder, env=environment_for_programs(), check=False, capture_output=True
        )
        if done.returncode:
            reason = " ".join(done.stderr.decode(errors="replace").split())
            raise PipelineError(f"expected Git to have {name} of {commit}, found: {reason}.")
        found[below] = done.stdout
    return found
