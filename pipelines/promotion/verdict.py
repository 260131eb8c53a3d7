"""``reports/gate.json``: what the gate found of a run, and against which promoted version."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines import durable
from pipelines.errors import PipelineError
from pipelines.promotion import tags
from pipelines.promotion.results import Read, at_commit, read_results
from pipelines.promotion.rules import judge, told
from stages.sections.gate import Gate

GATE = "reports/gate.json"


class Promoted(BaseModel):
    """The version that had the stage when the gate judged."""

    model_config = ConfigDict(frozen=True)

    version: str
    commit: str


class Judgement(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passed: bool
    stage: str
    promoted: Promoted | None
    rules: list[dict[str, Any]]
    """Of ``Verdict``."""
    judged: dict[str, str]
    """SHA-256 of the files that it looked at, by path."""

    @property
    def broken(self) -> str:
        """Name the rules that do not hold, for a sentence."""
        return "; ".join(
            f"{rule['rule']}: found {told(rule['found'])}, demanded {rule['demanded']}"
            for rule in self.rules
            if not rule["passed"]
        )


def demands_of(read: Read) -> Gate | None:
    """Give the section ``gate`` of a ``params.yaml``; nothing if it has none.

    Raises:
        PipelineError: a value is missing, unknown or out of range.
    """
    try:
        params = YAML(typ="safe", pure=True).load(read("params.yaml") or b"")
        section = params.get("gate")
        return None if section is None else Gate.model_validate_json(json.dumps(section))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["gate", *map(str, first["loc"])])
        raise PipelineError(
            f"params.yaml: {place}: {first['msg']}, found {first['input']!r}."
        ) from None
    except (YAMLError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(f"params.yaml: expected parameters, found {reason}.") from None


def judge_results(repository: Path, read: Read, whose: str, gate: Gate) -> Judgement:
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
    artifact = tags.artifacts_of(repository, "HEAD")[0]
    holder = next(reversed(tags.held(repository, artifact, gate.stage)), None)
    compared = holder and Promoted(version=holder.name, commit=holder.commit)
    if holder and (earlier := recorded_at(repository, holder.commit)):
        compared = earlier.promoted if earlier.judged == found.digests else compared
    promoted = (
        read_results(at_commit(repository, compared.commit), compared.version) if compared else None
    )
    verdicts = judge(gate, found, promoted)
    return Judgement(
        passed=all(verdict.passed for verdict in verdicts),
        stage=gate.stage,
        promoted=compared,
        rules=[verdict._asdict() for verdict in verdicts],
        judged=dict(found.digests),
    )


def recorded_at(repository: Path, commit: str) -> Judgement | None:
    """Give the verdict that a commit has, if it has one.

    Raises:
        PipelineError: the gate did not write it.
    """
    content = at_commit(repository, commit)(GATE)
    return None if content is None else parse(content, commit[:7])


def write(folder: Path, judgement: Judgement) -> None:
    """Write the file, at once."""
    durable.write(folder / GATE, f"{json.dumps(judgement.model_dump(), indent=2)}\n".encode())


def parse(content: bytes, whose: str) -> Judgement:
    """Read the content of such a file.

    Raises:
        PipelineError: the gate did not write it.
    """
    try:
        return Judgement.model_validate_json(content)
    except ValidationError as error:
        what = " ".join(str(error).split())
        raise PipelineError(
            f"{whose}: expected {GATE} as the gate writes it, found {what}."
        ) from None
