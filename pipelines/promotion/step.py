"""The gate and the promotion as steps of a run."""

from pathlib import Path

from prefect.artifacts import create_table_artifact
from prefect.events import emit_event

from pipelines.away import server_may_be_away
from pipelines.checkout import Repository
from pipelines.promotion.promoting import promote_commit
from pipelines.promotion.results import METRICS, in_folder
from pipelines.promotion.rules import told
from pipelines.promotion.verdict import Judgement, demands_of, judge_results, write
from pipelines.records import GATE_SHUT


def judge_run(folder: Path) -> Judgement | None:
    """Judge what a run has come to, if its ``params.yaml`` has a gate, and write the verdict.

    A pipeline that measures no model has none.

    Raises:
        PipelineError: a demand is refused, or the results cannot be read.
    """
    read = in_folder(folder)
    gate = demands_of(read)
    if gate is None or read(METRICS) is None:
        return None
    judgement = judge_results(folder, read, "the working copy", gate)
    write(folder, judgement)
    with server_may_be_away():
        description = "What a model must hold to be promoted"
        rules = [rule.model_dump() | {"found": told(rule.found)} for rule in judgement.rules]
        create_table_artifact(rules, key="gate", description=description)
    return judgement


def promote_run(
    repository: Repository, revision: str, judgement: Judgement, remote: str | None
) -> str:
    """Promote a run's commit if its gate is open, or tell of one that is shut, as ``GATE_SHUT``.

    Returns:
        What came of it, in a sentence.

    Raises:
        PipelineError: another version has been promoted in the meantime, or a remote refuses.
    """
    if judgement.passed:
        return promote_commit(repository, revision, remote, again=False)
    emit_event(
        GATE_SHUT,
        resource={
            "prefect.resource.id": f"pipeline.stage.{judgement.stage}",
            "prefect.resource.name": judgement.stage,
        },
        payload={"branch": revision, "broken": judgement.broken},
    )
    return f"nothing is promoted, for its gate is shut: {judgement.broken}"
