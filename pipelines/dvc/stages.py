"""Read the stages of ``dvc.yaml``: their order, their settings for Prefect, what is up to date.

The helper process ``pipelines.dvc.processes.plan`` asks DVC itself, so there is no second list.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.errors import PipelineError
from pipelines.system.helper import ask_for


class Meta(BaseModel):
    """What a stage's ``meta`` in ``dvc.yaml`` says to Prefect alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a failure that may pass by itself is tried again."""
    retry_delay: Annotated[float, Field(ge=0)] = 10
    """Seconds before it is."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds after which the stage is ended, with all its processes."""
    pool: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] | None = None
    """Work pool whose workers can run the stage for a flow that is asked to hand it off."""


class Stage(BaseModel):
    """A stage as DVC sees it before the run."""

    model_config = ConfigDict(frozen=True)

    name: str
    file: str
    """That defines it, as a path below the repository."""
    description: str
    upstream: tuple[str, ...]
    """The stages whose outputs it depends on."""
    meta: Meta
    changed: bool
    """Whether something differs from what ``dvc.lock`` records of it."""
    restored: bool
    """Whether its outputs have just been checked out of the cache."""

    @property
    def address(self) -> str:
        """What DVC calls it at the top of the repository."""
        return self.name if self.file == MAIN else f"{self.file}:{self.name}"


MAIN = "dvc.yaml"
"""The file whose stages are the pipeline."""

STAGES = TypeAdapter(tuple[Stage, ...])


def read_stages(
    folder: Path,
    held: Sequence[int] = (),
    changes: Sequence[str] = (),
    *,
    file: str = MAIN,
    restore: bool = False,
) -> list[Stage]:
    """Ask DVC for the stages, each after those that it depends on.

    Args:
        folder: the repository's.
        held: descriptors of files that the process keeps locked.
        changes: made to ``params.yaml`` first, as by ``dvc exp run --set-param``.
        file: the ``dvc.yaml`` whose stages are wanted, with those that they depend on.
        restore: first check out of the cache what ``dvc.lock`` records.

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
        held=held,
    )
    return list(stages)


def parse_meta(stage: str, meta: dict[str, object] | None) -> Meta:
    """Check a stage's ``meta``.

    Raises:
        PipelineError: it has an unknown key, or a value out of range.
    """
    try:
        return Meta.model_validate(meta or {})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["stages", stage, "meta", *map(str, first["loc"])])
        raise PipelineError(
            f"dvc.yaml: {place}: {first['msg']}, found {first['input']!r}."
        ) from None
