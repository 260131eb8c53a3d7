"""Read the deployments in ``prefect.yaml``."""

from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from pipelines.errors import PipelineError
from stages.shared.formats import FormatError, read_yaml
from stages.shared.validation import sentences


class Deployment(NamedTuple):
    """The parts of a deployment that its runs depend on."""

    name: str
    entrypoint: str
    work_pool: str


class _Pool(BaseModel):
    name: str


class _Entry(BaseModel):
    name: str
    entrypoint: str
    work_pool: _Pool


class _File(BaseModel):
    deployments: list[_Entry]


def read_deployments(path: Path) -> list[Deployment]:
    """Return the deployments in a ``prefect.yaml``.

    Raises:
        PipelineError: it cannot be read, or a deployment lacks a name, an entrypoint or a pool.
    """
    try:
        file = _File.model_validate(read_yaml(path))
    except FormatError as error:
        raise PipelineError(f"{path.name}: {error}.") from None
    except ValidationError as error:
        raise PipelineError(f"{path.name}: {sentences(error)}.") from None
    return [
        Deployment(entry.name, entry.entrypoint, entry.work_pool.name) for entry in file.deployments
    ]
