"""List the files of a commit, and read them after their sizes are known."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import PipelineError, RecordError
from pipelines.git.command import git
from pipelines.system.process import reason_for
from pipelines.system.variables import environment_for_programs
from stages.shared.text import excerpt


class GitFile(NamedTuple):
    """A file as Git's tree names it."""

    mode: str
    kind: str
    """``blob``, or ``commit`` for another repository."""
    hash: str


def listing(folder: Path, commit: str, limit: int | None = None) -> bytes:
    """Return the list of all files of a commit, as ``git ls-tree`` prints it.

    Args:
        folder: in the repository.
        commit: its hash.
        limit: maximum number of bytes. A few small trees can list billions of files.

    Raises:
        RecordError: the list exceeds the limit.
        PipelineError: Git lacks a tree.
    """
    command = ["git", "ls-tree", "-r", "-z", "--full-tree", commit]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment_for_programs(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout  # noqa: S101 - for the type checker
        content = process.stdout.read(-1 if limit is None else limit + 1)
        if limit is not None and len(content) > limit:
            process.kill()
            raise RecordError(
                f"expected the names of the files of {commit} to have at most {limit} bytes, found "
                "more; they were not read."
            )
    if process.returncode:
        raise PipelineError(
            f"expected Git to have all trees of {commit}, found that one is missing; check it: "
            "git fsck."
        )
    return content


def files_in(listed: bytes) -> dict[str, GitFile]:
    """Parse what ``listing`` returns; bytes that are not UTF-8 become surrogates.

    Raises:
        RecordError: a name occurs twice.
    """
    found: dict[str, GitFile] = {}
    for line in filter(None, listed.split(b"\0")):
        about, _, name = line.partition(b"\t")
        path = name.decode(errors="surrogateescape")
        if path in found:
            raise RecordError(
                f"expected each file once in a commit, found {excerpt(path)} twice; commit again."
            )
        found[path] = GitFile(*about.decode().split())
    return found


def sizes_of(folder: Path, files: Mapping[str, GitFile]) -> dict[str, int]:
    """Return the size of each file in bytes, without reading them.

    Raises:
        PipelineError: Git lacks one of the files.
    """
    asked = "".join(f"{file.hash}\n" for file in files.values())
    lines = git(folder, "cat-file", "--batch-check=%(objectsize)", stdin=asked).splitlines()
    for path, size in zip(files, lines, strict=True):
        if not size.isdecimal():
            raise PipelineError(
                f"expected Git to have {excerpt(path)}, found none; check it: git fsck."
            )
    return {path: int(size) for path, size in zip(files, lines, strict=True)}


def read_files(folder: Path, files: Mapping[str, GitFile]) -> dict[str, bytes]:
    """Read files into memory. The caller has checked their sizes.

    Raises:
        PipelineError: Git lacks one of the files.
    """
    content = _batch(folder, [file.hash for file in files.values()])
    found, begin = {}, 0
    for path in files:
        # Each file is "HASH blob SIZE", a newline, its content and a newline.
        header, _, _ = content[begin : begin + 200].partition(b"\n")
        size = header.split()[-1]
        if not size.isdigit():
            raise PipelineError(
                f"expected Git to have {excerpt(path)}, found none; check it: git fsck."
            )
        begin += len(header) + 1
        found[path] = content[begin : begin + int(size)]
        begin += int(size) + 1
    return found


def _batch(folder: Path, hashes: Sequence[str]) -> bytes:
    command = ["git", "cat-file", "--batch"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment_for_programs(),
        input="".join(f"{one}\n" for one in hashes).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace")
        raise PipelineError(reason_for("git cat-file", folder, done.returncode, reason))
    return done.stdout
