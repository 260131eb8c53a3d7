"""Read DVC's list of a folder's files, the content of an object whose name ends in ``.dir``."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, FailFast, Field, TypeAdapter, ValidationError

from pipelines.dvc.outputs import Output
from pipelines.errors import RecordError
from stages.shared.text import excerpt

# Bytes: a list of about half a million files.
_LARGEST_LIST = 1 << 26
# Bytes of a list, and of each file in it: generous, since DVC writes about 100 for a file.
_LIST_BYTES = 1 << 16
_FILE_BYTES = 1 << 9
# Bytes of a name on every common file system, and of a path with space for the folder's own.
_LONGEST_NAME = 255
_LONGEST_PATH = 1024


class Entry(BaseModel):
    """A file in a folder, as the folder's list names it."""

    model_config = ConfigDict(extra="forbid")

    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    relpath: str


# Stop at the first mistake: a large list could have millions.
_ENTRIES = TypeAdapter(Annotated[list[Entry], FailFast()])


def entries(path: str, content: bytes) -> list[Entry]:
    """Parse the list of a folder's files.

    Raises:
        RecordError: it is not as DVC writes it, or its files cannot exist together in the folder.
    """
    try:
        found = _ENTRIES.validate_json(content)
    except ValidationError as error:
        what = excerpt(str(error.errors(include_input=False)[0]["msg"]))
        raise RecordError(f"expected a list of the files of {path}, found {what}.") from None
    check_files([entry.relpath for entry in found], path)
    in_order = sorted(found, key=lambda entry: entry.relpath)
    written = [{"md5": entry.md5, "relpath": entry.relpath} for entry in in_order]
    if json.dumps(written, sort_keys=True).encode() != content:
        raise RecordError(
            f"expected a list of the files of {path}, sorted and in the form that DVC writes, "
            "found another order or form."
        )
    return found


def check_files(names: Sequence[str], path: str) -> None:
    """Check that files can exist together in a folder, and nowhere outside of it.

    Args:
        names: their paths in the folder.
        path: of the folder, for error messages.

    Raises:
        RecordError: a path is not relative, too long or used twice, leads out of the folder or into
            a Git repository, or is both a file and a folder.
    """
    seen: set[str] = set()
    for name in names:
        if not _is_inside(name):
            raise RecordError(f"expected files within {path}, found one at {excerpt(name)}.")
        if name in seen:
            raise RecordError(f"expected each file of {path} once, found {excerpt(name)} twice.")
        seen.add(name)
    folders = {str(parent) for name in seen for parent in PurePosixPath(name).parents}
    if both := min(seen & folders, default=None):
        raise RecordError(f"expected a file or a folder at {excerpt(both)} in {path}, found both.")


def largest_list(output: Output) -> int:
    """Return the maximum number of bytes of the list of a folder with the recorded files."""
    if output.nfiles is None:
        return _LARGEST_LIST
    return min(_LARGEST_LIST, _LIST_BYTES + output.nfiles * _FILE_BYTES)


def list_at(place: Path) -> bytes:
    """Read a folder's list of files.

    Raises:
        RecordError: it is too large for a list.
    """
    if (size := place.stat().st_size) > _LARGEST_LIST:
        raise RecordError(
            f"expected {place.name} to list a folder's files in at most {_LARGEST_LIST} bytes, "
            f"found {size}."
        )
    return place.read_bytes()


def _is_inside(name: str) -> bool:
    """Return whether a path is relative, in its shortest form, and can be a file's on any disk."""
    try:
        parts = [part.encode() for part in name.split("/")]
    except UnicodeEncodeError:
        return False
    return (
        not any(part in {b"", b".", b".."} or part.lower() == b".git" for part in parts)
        and min(name) >= " "
        and len(name.encode()) <= _LONGEST_PATH
        and max(map(len, parts)) <= _LONGEST_NAME
    )
