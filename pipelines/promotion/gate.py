"""``reports/gate.json``: what the gate found of a run, and against which promoted version."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.errors import PipelineError
from pipelines.promotion import registry
from pipelines.promotion.criteria import described, judge
from pipelines.promotion.results import Read, at_commit, read_results
from pipelines.system import durable
from stages.formats import FormatError, parse_json, parse_yaml
from stages.results.reading import validated
from stages.sections.base import Sha256
from stages.sections.gate import Gate

GATE = "reports/gate.json"


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Promoted(_Written):
    """The version that had the stage when the gate judged."""

    version: Annotated[str, Field(pattern=r"^v[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$")]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class RecordedResult(_Written):
    """A ``CriterionResult`` of ``judge``."""

    rule: str
    passed: bool
    found: str | int | float | list[str] | dict[str, str | int | float]
    demanded: str


class GateReport(_Written):
    """The content of the file."""

    passed: bool
    stage: str
    promoted: Promoted | None
    rules: Annotated[list[RecordedResult], Field(min_length=1)]
    judged: dict[str, Sha256]
    """SHA-256 of the files that it looked at, by path."""

    @model_validator(mode="after")
    def _summary_follows(self) -> "GateReport":
        if self.passed != all(rule.passed for rule in self.rules):
            raise PydanticCustomError("summary", "passed must follow from that of each rule")
        return self

    @property
    def broken(self) -> str:
        """Name the rules that do not hold, for a sentence."""
        return "; ".join(
            f"{rule.rule}: found {described(rule.found)}, demanded {rule.demanded}"
            for rule in self.rules
            if not rule.passed
        )


def criteria_of(read: Read) -> Gate | None:
    """Give the section ``gate`` of a ``params.yaml``; nothing if it has none.

    Raises:
        PipelineError: a value is missing, unknown or out of range.
    """
    try:
        params = parse_yaml(read("params.yaml") or b"")
    except FormatError as error:
        raise PipelineError(f"params.yaml: {error}.") from None
    if not isinstance(params, dict):
        raise PipelineError("params.yaml: expected parameters by name, found something else.")
    section = params.get("gate")
    try:
        return None if section is None else validated(Gate, section)
    except FormatError as error:
        raise PipelineError(f"params.yaml: gate: {error}.") from None


def judge_results(repository: Path, read: Read, whose: str, gate: Gate) -> GateReport:
    """Judge results against the version that has the gate's stage.

    That version itself, judged once more, is held to what it was compared with at first: so that it
    gets the same verdict.

    Args:
        repository: a working copy, whose tags and commits are looked at.
        read: gives each file with results.
        whose: what an error calls them.
        gate: what is demanded.

    Raises:
        PipelineError: there are no results, there or at the promoted commit.
    """
    found = read_results(read, whose)
    artifact = registry.artifacts_of(repository, "HEAD")[0]
    holder = next(reversed(registry.held(repository, artifact, gate.stage)), None)
    compared = holder and Promoted(version=holder.name, commit=holder.commit)
    if holder and (earlier := recorded_at(repository, holder.commit)):
        compared = earlier.promoted if earlier.judged == found.digests else compared
    promoted = (
        read_results(at_commit(repository, compared.commit), compared.version) if compared else None
    )
    verdicts = judge(gate, found, promoted)
    return GateReport(
        passed=all(verdict.passed for verdict in verdicts),
        stage=gate.stage,
        promoted=compared,
        rules=[RecordedResult(**verdict._asdict()) for verdict in verdicts],
        judged=dict(found.digests),
    )


def recorded_at(repository: Path, commit: str) -> GateReport | None:
    """Give the verdict that a commit has, if it has one.

    Raises:
        PipelineError: the gate did not write it.
    """
    content = at_commit(repository, commit)(GATE)
    return None if content is None else parse(content, commit[:7])


def write(folder: Path, report: GateReport) -> None:
    """Write the file, at once."""
    durable.write(folder / GATE, f"{json.dumps(report.model_dump(), indent=2)}\n".encode())


def parse(content: bytes, whose: str) -> GateReport:
    """Read the content of such a file.

    Raises:
        PipelineError: the gate did not write it.
    """
    try:
        return validated(GateReport, parse_json(content))
    except FormatError as error:
        raise PipelineError(
            f"{whose}: {GATE}: {error}; run `python -m pipelines gate` there."
        ) from None
