"""Read what a commit recorded, with no checkout."""

import io
import subprocess
from pathlib import Path

import pandas as pd

from stages.errors import UserError


class RecordError(UserError):
    """What a commit recorded cannot be had."""


def recorded_table(commit: str, path: Path) -> pd.DataFrame:
    """Read a CSV file as it is in a commit.

    Args:
        commit: by any name that Git knows.
        path: of the file, from the top of the repository.

    Raises:
        RecordError: there is no such commit, or it has no such file or another one.
    """
    if (
        commit.startswith("-")
        or _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is None
    ):
        raise RecordError(f"expected a commit that Git knows, found {commit}; see `git log`.")
    content = _git("show", f"{commit}:{path.as_posix()}")
    if content is None:
        raise RecordError(
            f"{commit}: expected {path} in it, found none; run the pipeline there and commit."
        )
    try:
        return pd.read_csv(io.BytesIO(content))
    except ValueError as error:
        raise RecordError(f"{commit}: expected a CSV file as {path}, found: {error}.") from None


def _git(*arguments: str) -> bytes | None:
    done = subprocess.run(  # noqa: S603 - no shell
        ["git", *arguments],  # noqa: S607 - the user's git
        capture_output=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
