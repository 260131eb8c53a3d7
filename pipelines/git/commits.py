"""Read files of a commit without checking it out."""

from pathlib import Path

from pipelines.errors import PipelineError, RecordError
from pipelines.git.command import git
from pipelines.git.files import GitFile, read_files

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
    sizes = {name: about.split()[3] for about, name in entries}
    if inner := [name for about, name in entries if about.split()[1] != "blob"]:
        raise RecordError(
            f"expected {path} of {commit} to be files, found a repository: {inner[0]}."
        )
    if lost := [name for name, size in sizes.items() if not size.isdecimal()]:
        raise PipelineError(
            f"expected Git to have {lost[0]} of {commit}, found none; check it: git fsck."
        )
    size = sum(map(int, sizes.values()))
    if size > limit:
        raise RecordError(
            f"expected {path} of {commit} to have at most {limit} bytes, found {size}; it was "
            "not read."
        )
    contents = read_files(folder, {name: GitFile(*about.split()[:3]) for about, name in entries})
    return {
        name.removeprefix(path).removeprefix("/"): content for name, content in contents.items()
    }
