"""Run the gate and the promotion as steps of a flow run."""

from pathlib import Path

from prefect.artifacts import create_table_artifact
from prefect.events import emit_event
from prefect.logging import get_run_logger

from pipelines.dvc.changes import METRICS
from pipelines.git.repository import Repository
from pipelines.promotion.criteria import described
from pipelines.promotion.gate import GateReport, criteria_of, run_gate, write
from pipelines.promotion.promote import promote_commit
from pipelines.promotion.results import in_folder
from pipelines.ui.absence import server_may_be_away
from pipelines.ui.artifacts import PROMOTION_BLOCKED


def check_run(folder: Path) -> GateReport | str:
    """Check a run's results, if its ``params.yaml`` has a gate, and write the gate report.

    Returns:
        The report. If there is none, because the pipeline measures no model, the reason.

    Raises:
        PipelineError: a criterion is invalid, or the results cannot be read.
    """
    read = in_folder(folder)
    criteria = criteria_of(read)
    if criteria is None:
        return "params.yaml has no gate"
    if read(METRICS) is None:
        return f"the run has no {METRICS}"
    report = run_gate(folder, read, "the working copy", criteria)
    write(folder, report)
    with server_may_be_away():
        description = "Criteria that a model must meet to be promoted"
        table = [row.model_dump() | {"found": described(row.found)} for row in report.criteria]
        create_table_artifact(table, key="gate", description=description)
    return report


def promote_run(
    repository: Repository, revision: str, report: GateReport | str, remote: str | None
) -> str:
    """Promote a run's commit if it passes the gate; if not, emit the event ``PROMOTION_BLOCKED``.

    Args:
        repository: of the run.
        revision: the commit or its branch.
        report: what ``check_run`` returned.
        remote: the Git remote to push the promotion to, if any.

    Returns:
        The outcome, as a sentence.

    Raises:
        PipelineError: another version was promoted in the meantime, or a remote refuses.
    """
    if isinstance(report, str):
        return f"nothing is promoted, because {report}"
    if report.passed:
        return promote_commit(repository, revision, remote, get_run_logger().info, again=False)
    emit_event(
        PROMOTION_BLOCKED,
        resource={
            "prefect.resource.id": f"pipeline.stage.{report.stage}",
            "prefect.resource.name": report.stage,
        },
        payload={"branch": revision, "failures": report.failures},
    )
    return f"nothing is promoted, because the model does not pass the gate: {report.failures}"
