"""List the files that the user has put into a folder."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from stages.shared.errors import UserError
from stages.shared.text import printable

# Size of the largest picture: 40 million pixels with four channels of 16 bits each.
MAXIMUM_BYTES = 320_000_000


class CollectError(UserError):
    """A path that should be a folder is not one."""


class Collected(NamedTuple):
    """The entries of a folder by name, in order."""

    files: Mapping[str, Path]
    refused: Mapping[str, str]
    """The reason for each refused entry, as a sentence."""


def ensure(folder: Path) -> None:
    """Create a folder if it does not exist.

    Raises:
        CollectError: something else is there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CollectError(
            f"{folder}: expected a folder, found that it cannot be made ({error.strerror}); move "
            "away what is in its place."
        ) from None


def collect(folder: Path, maximum_bytes: int = MAXIMUM_BYTES) -> Collected:
    """List the files of a folder; hidden files and subfolders are ignored.

    Args:
        folder: an existing folder.
        maximum_bytes: larger files are refused.

    Returns:
        The files, and what is refused: links, which are not followed, and anything else that is not
        a regular file.
    """
    entries = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    refusals = {path: _refusal(path, maximum_bytes) for path in entries}
    refused = {printable(path.name): reason for path, reason in refusals.items() if reason}
    files = {path.name: path for path in entries if not refusals[path] and path.is_file()}
    return Collected(files, refused)


def _refusal(path: Path, maximum_bytes: int) -> str | None:
    if reason := _refusal_of_name(path.name):
        return reason
    if path.is_symlink():
        return "expected a file, found a link, which is not followed; put a copy in its place."
    if path.is_dir():
        return None
    if not path.is_file():
        return "expected a file, found something else; take it away."
    size = path.stat().st_size
    if size > maximum_bytes:
        return f"expected at most {maximum_bytes:,} bytes, found {size:,}; make it smaller."
    return None


def _refusal_of_name(name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "expected a name in UTF-8, found another encoding; rename it."
    # Such names do not survive in a table.
    if any(unicodedata.category(character) == "Cc" for character in name):
        return "expected a name without control characters, found some in it; rename it."
    return None
