"""What DVC records of an output, and whether contents are those that it names."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.errors import PipelineError, RecordError

DIRECTORY = ".dir"
"""How the name of the object ends that lists a folder's files."""


class Output(BaseModel):
    """What ``dvc.lock`` says of an output."""

    model_config = ConfigDict(frozen=True)

    path: Annotated[str, Field(min_length=1)]
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")]
    size: Annotated[int, Field(ge=0, strict=True)]
    nfiles: Annotated[int, Field(ge=0, strict=True)] | None = None
    """Of a folder, whose hash ends in ``.dir``."""


class _Record(BaseModel):
    """What ``dvc.lock`` says of a stage, as far as its outputs go."""

    outs: list[Output] = []


_RECORDS = TypeAdapter(dict[str, _Record])


def outputs_of(lock: Any, name: str) -> list[tuple[str, Output]]:
    """Give the outputs that a ``dvc.lock`` names, each after its stage, in the order of the file.

    Args:
        lock: what stands in it.
        name: what an error calls it.

    Raises:
        PipelineError: DVC did not write it, an output is not within the repository, or is that of
            two stages.
    """
    try:
        stages = _RECORDS.validate_python(lock["stages"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, ("stages", *first["loc"])))
        raise PipelineError(
            f"{name}: expected what DVC writes, found of {place}: {first['msg']}; run `dvc repro`."
        ) from None
    except (KeyError, TypeError):
        raise PipelineError(
            f"{name}: expected what DVC writes, found no stages; run `dvc repro`."
        ) from None
    found = [(stage, output) for stage, record in stages.items() for output in record.outs]
    seen: set[str] = set()
    for _, output in found:
        path = PurePosixPath(output.path)
        if path.is_absolute() or ".." in path.parts or output.path in seen:
            raise PipelineError(
                f"{name}: expected outputs within the repository, each once, found {output.path}; "
                "run `dvc repro`."
            )
        seen.add(output.path)
    return found


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
        RecordError: one of them is another.
    """
    for said, found in zip(recorded, measured, strict=True):
        if said != found:
            raise RecordError(
                f"{said.path} is refused: expected its content to be as dvc.lock says, "
                f"{_described(said)}, found {_described(found)}; none of it was accepted."
            )


def _described(output: Output) -> str:
    files = f" in {output.nfiles} files" if output.nfiles is not None else ""
    return f"MD5 {output.md5} and {output.size} bytes{files}"


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
