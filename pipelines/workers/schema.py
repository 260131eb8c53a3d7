"""Define the form of a stage's record in a result's ``dvc.lock``, and the limits of a result.

The request limits what it knows: the files that may change, and the sizes of ``dvc.lock`` and the
provenance. It cannot know what a stage produces, so constants limit the outputs.
"""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.dvc.expected import Dep
from pipelines.dvc.outputs import DIRECTORY, Output
from pipelines.workers.request import Request

LARGEST_OUTPUT = 1 << 36
"""Maximum size in bytes of an output in DVC's cache: 64 GiB."""
LARGEST_IN_GIT = 1 << 24
"""Maximum size in bytes of an output in Git: 16 MiB."""
MOST_FILES = 10_000
"""Maximum number of files in an output that is a folder."""

# Bytes of a listing of Git's, for the names of new files in outputs.
_NEW_NAMES = 1 << 22
# Bytes that a training adds to the provenance; it has about 1,500.
_PROVENANCE_ENTRY = 1 << 16
# Bytes of a record without its values, and of YAML for each byte of JSON.
_RECORD = 1 << 16
_YAML_PER_JSON = 16


class RecordedOutput(BaseModel):
    """An output of the stage."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: Annotated[str, Field(min_length=1)]
    hash: Literal["md5"]
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")]
    size: Annotated[int, Field(ge=0, le=LARGEST_OUTPUT)]
    nfiles: Annotated[int, Field(ge=0, le=MOST_FILES)] | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if self.md5.endswith(DIRECTORY) != (self.nfiles is not None):
            raise PydanticCustomError("kind", "must have nfiles exactly if it is a folder")
        return self

    def output(self) -> Output:
        """Return the same without the name of the hash."""
        return Output(path=self.path, md5=self.md5, size=self.size, nfiles=self.nfiles)


class Record(BaseModel):
    """The record of the stage; nothing else may be in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    cmd: str | list[str]
    deps: list[Dep] = []
    params: dict[str, dict[str, Any]] = {}
    outs: list[RecordedOutput] = []

    @model_validator(mode="after")
    def _check_deps(self) -> Self:
        paths = [dep["path"] for dep in self.deps]
        if len(set(paths)) != len(paths):
            raise PydanticCustomError("deps", "must have each dependency once")
        return self

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for paths in ([dep["path"] for dep in self.deps], [out.path for out in self.outs]):
            if paths != sorted(paths):
                raise PydanticCustomError(
                    "order", "must have deps and outs in order of their paths"
                )
        return self


def largest_listing(before: int) -> int:
    """Return the maximum size of the list of a result's files, from that of the request's."""
    return before + _NEW_NAMES


def largest_lock(request: Request, before: int) -> int:
    """Return the maximum size of a result's ``dvc.lock``, from the size of the request's."""
    requested = len(json.dumps(request.expected.model_dump()))
    return before + _RECORD + _YAML_PER_JSON * requested


def largest_provenance(before: int) -> int:
    """Return the maximum size of a result's provenance, from the size of the request's."""
    return before + _PROVENANCE_ENTRY
