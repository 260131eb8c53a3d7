"""``reports/gate.json``: what the gate found of a run, and against which promoted version."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.errors import PipelineError
from pipelines.promotion import tags
from pipelines.promotion.results import at_commit, in_folder, read_results
from pipelines.promotion.rules import Verdict, judge
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
            f"{rule['rule']} {json.dumps(rule['found'])}, demanded: {rule['demanded']}"
            for rule in self.rules
            if not rule["passed"]
        )


def demands_of(folder: Path) -> Gate | None:
    """Read the section ``gate`` of a folder's ``params.yaml``; nothing if it has none.

    Raises:
        PipelineError: a value is missing, unknown or out of range.
    """
    try:
        params = YAML(typ="safe", pure=True).load(folder / "params.yaml")
        section = params.get("gate")
        return None if section is None else Gate.model_validate_json(json.dumps(section))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["gate", *map(str, first["loc"])])
        raise PipelineError(
            f"params.yaml: {place}: {first['msg']}, found {first['input']!r}."
        ) from None
    except (OSError, YAMLError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(f"params.yaml: expected parameters, found {reason}.") from None


def judge_folder(folder: Path, gate: Gate) -> Judgement:
    """Judge the results in a working copy against the version that has the gate's stage.

    Raises:
        PipelineError: there are no results, there or at the promoted commit.
    """
    artifact = tags.artifacts_of(folder, "HEAD")[0]
    holder = next(reversed(tags.held(folder, artifact, gate.stage)), None)
    promoted = holder and read_results(at_commit(folder, holder.commit), holder.name)
    found = read_results(in_folder(folder), "reports/")
    verdicts: list[Verdict] = judge(gate, found, promoted)
    return Judgement(
        passed=all(verdict.passed for verdict in verdicts),
        stage=gate.stage,
        promoted=holder and Promoted(version=holder.name, commit=holder.commit),
        rules=[verdict._asdict() for verdict in verdicts],
        judged=dict(found.digests),
    )


def write(folder: Path, judgement: Judgement) -> None:
    """Write the file, at once."""
    place = folder / GATE
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_suffix(".part")
    temporary.write_text(json.dumps(judgement.model_dump(), indent=2) + "\n")
    temporary.replace(place)


def read(content: bytes, whose: str) -> Judgement:
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
