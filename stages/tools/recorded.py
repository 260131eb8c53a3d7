"""Read what a commit recorded, without a checkout."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from stages.results.answers import WrongAnswer, read_wrong
from stages.shared.errors import UserError
from stages.shared.formats import FormatError

# Largest file, in bytes: enough for half a million wrong answers.
_LARGEST = 1 << 26


class RecordError(UserError):
    """The record of a commit cannot be read."""


def recorded_errors(commit: str, path: Path) -> Sequence[WrongAnswer]:
    """Read the wrong answers that a commit recorded.

    Args:
        commit: any name that Git knows.
        path: of the file, relative to the top of the repository.

    Raises:
        RecordError: there is no such commit, the file is missing in it, or the file is too large or
            has another format.
    """
    if (
        commit.startswith("-")
        or _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is None
    ):
        raise RecordError(f"expected a commit that Git knows, found {commit}; see `git log`.")
    name = f"{commit}:{path.as_posix()}"
    if _git("cat-file", "-t", name) != b"blob\n":
        raise RecordError(
            f"{commit}: expected {path} in it, found none; run the pipeline there and commit."
        )
    if int(_git("cat-file", "-s", name) or 0) > _LARGEST:
        raise RecordError(
            f"{commit}: {path}: expected at most {_LARGEST} bytes, found more; run the pipeline "
            "there and commit."
        )
    try:
        return read_wrong(_git("cat-file", "blob", name) or b"")
    except FormatError as error:
        raise RecordError(
            f"{commit}: {path}: {error}; run the pipeline there and commit."
        ) from None


def _git(*arguments: str) -> bytes | None:
    done = subprocess.run(  # noqa: S603 - no shell
        ["git", *arguments],  # noqa: S607 - the user's git
        capture_output=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
