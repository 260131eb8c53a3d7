"""What DVC records of an output, and whether contents are those that it names."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipelines.errors import ForgedError

DIRECTORY = ".dir"
"""How the name of the object ends that lists a folder's files."""


class Output(BaseModel):
    """What ``dvc.lock`` says of an output."""

    model_config = ConfigDict(frozen=True)

    path: str
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")]
    size: int
    nfiles: int | None = None
    """Of a folder, whose hash ends in ``.dir``."""


def measure(path: str, contents: Mapping[str, bytes]) -> Output:
    """Hash an output as DVC does.

    Args:
        path: of the output.
        contents: by path below the output; of a file, its own by the empty path.
    """
    size = sum(map(len, contents.values()))
    if "" in contents:
        return Output(path=path, md5=_md5(contents[""]), size=size)
    name = folder_hash({below: _md5(content) for below, content in contents.items()})
    return Output(path=path, md5=name, size=size, nfiles=len(contents))


def folder_hash(files: Mapping[str, str]) -> str:
    """Give the hash that DVC has for a folder, from the MD5 of each file by its path in there."""
    listed = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    return _md5(json.dumps(listed, sort_keys=True).encode()) + DIRECTORY


def check_measured(recorded: Sequence[Output], measured: Sequence[Output]) -> None:
    """Check that contents are those that a record names.

    Raises:
        ForgedError: one of them is another.
    """
    for said, found in zip(recorded, measured, strict=True):
        if said != found:
            raise ForgedError(
                f"{said.path} is refused: expected its content to be as dvc.lock says, "
                f"{_described(said)}, found {_described(found)}; nothing of it was taken over."
            )


def _described(output: Output) -> str:
    files = f" in {output.nfiles} files" if output.nfiles is not None else ""
    return f"MD5 {output.md5} and {output.size} bytes{files}"


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
