"""Read DVC's records of outputs, and check contents against them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.errors import PipelineError, RecordError

DIRECTORY = ".dir"
"""Suffix of the name of an object that lists a folder's files."""


class Output(BaseModel):
    """The record of an output in ``dvc.lock``."""

    model_config = ConfigDict(frozen=True)

    path: Annotated[str, Field(min_length=1)]
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")]
    size: Annotated[int, Field(ge=0, strict=True)]
    nfiles: Annotated[int, Field(ge=0, strict=True)] | None = None
    """Number of files, only for a folder; its hash ends in ``.dir``."""


class _Record(BaseModel):
    """The outputs in a stage's record in ``dvc.lock``."""

    outs: list[Output] = []


_RECORDS = TypeAdapter(dict[str, _Record])


def outputs_of(lock: Any, name: str) -> list[tuple[str, Output]]:
    """Return the outputs in a ``dvc.lock``, each after its stage's name, in the order of the file.

    Args:
        lock: the parsed content.
        name: the file's name in error messages.

    Raises:
        PipelineError: DVC did not write the file, an output is outside of the repository, or two
            stages have the same output.
    """
    try:
        stages = _RECORDS.validate_python(lock["stages"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, ("stages", *first["loc"])))
        raise PipelineError(
            f"{name}: expected a lock as DVC writes it, found at {place}: {first['msg']}; "
            "restore it."
        ) from None
    except (KeyError, TypeError):
        raise PipelineError(
            f"{name}: expected a lock as DVC writes it, found no stages; restore it."
        ) from None
    found = [(stage, output) for stage, record in stages.items() for output in record.outs]
    seen: set[str] = set()
    for _, output in found:
        path = PurePosixPath(output.path)
        if path.is_absolute() or ".." in path.parts or output.path in seen:
            raise PipelineError(
                f"{name}: expected outputs within the repository, each once, found {output.path}; "
                "restore it."
            )
        seen.add(output.path)
    return found


def measure(path: str, contents: Mapping[str, bytes]) -> Output:
    """Hash an output as DVC does.

    Args:
        path: of the output.
        contents: by path below the output; the content of a single file has the empty path.
    """
    size = sum(map(len, contents.values()))
    if "" in contents:
        return Output(path=path, md5=_md5(contents[""]), size=size)
    name = folder_hash({below: _md5(content) for below, content in contents.items()})
    return Output(path=path, md5=name, size=size, nfiles=len(contents))


def folder_hash(files: Mapping[str, str]) -> str:
    """Return DVC's hash of a folder, from the MD5 of each file by its path inside."""
    listed = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    return _md5(json.dumps(listed, sort_keys=True).encode()) + DIRECTORY


def check_measured(recorded: Sequence[Output], measured: Sequence[Output]) -> None:
    """Check that contents match their records.

    Raises:
        RecordError: one of them differs.
    """
    for expected, found in zip(recorded, measured, strict=True):
        if expected != found:
            raise RecordError(
                f"{expected.path} is rejected: expected the content that dvc.lock records, "
                f"{_described(expected)}, found {_described(found)}; nothing was accepted."
            )


def _described(output: Output) -> str:
    files = f" in {output.nfiles} files" if output.nfiles is not None else ""
    return f"MD5 {output.md5} and {output.size} bytes{files}"


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
