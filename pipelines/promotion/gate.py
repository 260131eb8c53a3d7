"""Write and read ``reports/gate.json``, the gate report of a run against the promoted version."""

import json
from pathlib import Path
from typing import Annotated, Any

from gto.versions import SemVer
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.errors import PipelineError
from pipelines.promotion import registry, versions
from pipelines.promotion.criteria import Criteria, check_criteria, described
from pipelines.promotion.results import Read, at_commit, read_results
from pipelines.system import durable
from stages.params.dataset import Bounds
from stages.params.gate import Gate
from stages.results.rows import validated
from stages.shared.formats import FormatError, parse_json, parse_yaml
from stages.shared.section import Name, Part, Sha256

GATE = "reports/gate.json"


def _formerly(name: str, former: str) -> Any:
    """Read a field by either name; gate reports of older commits have the former one."""
    return Field(validation_alias=AliasChoices(name, former))


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _version(value: str) -> str:
    if not SemVer.is_valid(value):
        raise PydanticCustomError("version", "must be a version such as v1.2.0")
    return value


class Promoted(_Written):
    """The version that had the stage when the gate ran."""

    version: Annotated[str, AfterValidator(_version)]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class RecordedResult(_Written):
    """A ``CriterionResult`` of ``check_criteria``."""

    criterion: Annotated[str, _formerly("criterion", "rule")]
    passed: bool
    found: str | int | float | list[str] | dict[str, str | int | float]
    required: Annotated[str, _formerly("required", "demanded")]


class GateReport(_Written):
    """The content of ``reports/gate.json``."""

    passed: bool
    stage: str
    promoted: Promoted | None
    criteria: Annotated[list[RecordedResult], Field(min_length=1), _formerly("criteria", "rules")]
    digests: Annotated[dict[str, Sha256], _formerly("digests", "judged")]
    """SHA-256 of the files that the gate read, by path."""

    @model_validator(mode="after")
    def _summary_follows(self) -> "GateReport":
        if self.passed != all(result.passed for result in self.criteria):
            raise PydanticCustomError("summary", "passed must be true only if all criteria passed")
        return self

    @property
    def failures(self) -> str:
        """Return the criteria that are not met, as text for a sentence."""
        return "; ".join(
            f"{result.criterion}: found {described(result.found)}, required {result.required}"
            for result in self.criteria
            if not result.passed
        )


class _Dataset(Part):
    gate: Bounds


class _Params(Part):
    gate: Gate
    dataset: Name
    datasets: dict[Name, Any]


def criteria_of(read: Read) -> Criteria | None:
    """Return the criteria of a ``params.yaml``, or ``None`` if it has no section ``gate``.

    Raises:
        PipelineError: a value is missing, unknown or out of range.
    """
    try:
        params = parse_yaml(read("params.yaml") or b"")
    except FormatError as error:
        raise PipelineError(f"params.yaml: {error}.") from None
    if not isinstance(params, dict):
        raise PipelineError("params.yaml: expected parameters by name, found something else.")
    if params.get("gate") is None:
        return None
    try:
        found = validated(_Params, params)
        dataset = found.datasets.get(found.dataset)
        bounds = validated(_Dataset, dataset, ("datasets", found.dataset)).gate
    except FormatError as error:
        raise PipelineError(f"params.yaml: {error}.") from None
    return Criteria(found.gate, bounds)


def run_gate(
    repository: Path, read: Read, whose: str, criteria: Criteria, commit: str = "HEAD"
) -> GateReport:
    """Check results against the version that has the gate's stage.

    If the results are those of that version itself, they are compared with the version that its own
    gate report names, so that the report stays the same.

    Args:
        repository: a working copy, whose tags and commits are read.
        read: returns the content of each result file.
        whose: the owner of the results in error messages.
        criteria: of the data set of the results.
        commit: its ``dvc.yaml`` names the artifact whose versions have the stage.

    Raises:
        PipelineError: the results are missing, here or at the promoted commit.
    """
    found, stage = read_results(read, whose), criteria.gate.stage
    artifact = next(iter(registry.artifacts_of(repository, commit)))
    holder = next(reversed(versions.stage_history(repository, artifact, stage)), None)
    compared = holder and Promoted(version=holder.name, commit=holder.commit)
    if holder and (earlier := recorded_at(repository, holder.commit)):
        compared = earlier.promoted if earlier.digests == found.digests else compared
    promoted = (
        read_results(at_commit(repository, compared.commit), compared.version) if compared else None
    )
    results = check_criteria(criteria, found, promoted)
    return GateReport(
        passed=all(result.passed for result in results),
        stage=stage,
        promoted=compared,
        criteria=[RecordedResult(**result._asdict()) for result in results],
        digests=dict(found.digests),
    )


def recorded_at(repository: Path, commit: str) -> GateReport | None:
    """Return the gate report of a commit, or ``None`` if it has none.

    Raises:
        PipelineError: the gate did not write it.
    """
    content = at_commit(repository, commit)(GATE)
    return None if content is None else parse(content, commit[:7])


def write(folder: Path, report: GateReport) -> None:
    """Write ``reports/gate.json`` in one step."""
    durable.write(folder / GATE, f"{json.dumps(report.model_dump(), indent=2)}\n".encode())


def parse(content: bytes, whose: str) -> GateReport:
    """Parse the content of a ``reports/gate.json``.

    Raises:
        PipelineError: the gate did not write it.
    """
    try:
        return validated(GateReport, parse_json(content))
    except FormatError as error:
        raise PipelineError(
            f"{whose}: {GATE}: {error}; run `python -m pipelines gate` there."
        ) from None
