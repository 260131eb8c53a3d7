"""Read the stages of ``dvc.yaml``: their order, settings for Prefect, and whether they changed.

The helper process ``pipelines.dvc.processes.plan`` asks DVC itself, so there is no second list.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.errors import PipelineError
from pipelines.system.helper import ask_for


class Meta(BaseModel):
    """The ``meta`` of a stage in ``dvc.yaml``, which only Prefect uses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often to retry after a temporary failure."""
    retry_delay: Annotated[float, Field(ge=0)] = 10
    """Seconds before a retry."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds after which the stage and all its processes are ended."""
    pool: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] | None = None
    """Work pool whose workers can run the stage, for a flow that submits it."""


class Stage(BaseModel):
    """A stage as DVC finds it before the run."""

    model_config = ConfigDict(frozen=True)

    name: str
    file: str
    """Path of the ``dvc.yaml`` that defines the stage, below the repository."""
    description: str
    upstream: tuple[str, ...]
    """The stages whose outputs it depends on."""
    meta: Meta
    changed: bool
    """Whether anything differs from the stage's record in ``dvc.lock``."""
    restored: bool
    """Whether its outputs have just been checked out from the cache."""

    @property
    def address(self) -> str:
        """The name that DVC uses for the stage at the top of the repository."""
        return self.name if self.file == MAIN else f"{self.file}:{self.name}"


MAIN = "dvc.yaml"
"""The file with the stages of the pipeline."""

STAGES = TypeAdapter(tuple[Stage, ...])


def read_stages(
    folder: Path,
    locks: Sequence[int] = (),
    changes: Sequence[str] = (),
    *,
    file: str = MAIN,
    restore: bool = False,
) -> list[Stage]:
    """Ask DVC for the stages, each after those that it depends on.

    Args:
        folder: of the repository.
        locks: descriptors of files that the process keeps locked.
        changes: applied to ``params.yaml`` first, as by ``dvc exp run --set-param``.
        file: the ``dvc.yaml`` whose stages are returned, with those that they depend on.
        restore: first check out from the cache what ``dvc.lock`` records.

    Raises:
        PipelineError: DVC cannot read the pipeline.
    """
    options = ["--restore"] if restore else []
    options += ["--file", file]
    stages = ask_for(
        tuple[Stage, ...],
        "pipelines.dvc.processes.plan",
        *options,
        "--",
        str(folder),
        *changes,
        locks=locks,
    )
    return list(stages)


def parse_meta(stage: str, meta: dict[str, object] | None) -> Meta:
    """Validate a stage's ``meta``.

    Raises:
        PipelineError: it has an unknown key or a value out of range.
    """
    try:
        return Meta.model_validate(meta or {})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["stages", stage, "meta", *map(str, first["loc"])])
        raise PipelineError(
            f"dvc.yaml: {place}: {first['msg']}, found {first['input']!r}."
        ) from None
