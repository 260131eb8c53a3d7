"""Create a run's artifacts in Prefect's UI: stages, metrics, images, report and times."""

import base64
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.logging import get_run_logger

from pipelines.dvc.changes import changes_of
from pipelines.errors import PipelineError
from pipelines.system.timing import Timing
from pipelines.ui.absence import server_may_be_away

_PICTURE = Path("reports", "figures", "misclassified.png")
# A drop of this metric is an event.
_WATCHED = "test.accuracy"
METRIC_FELL = "pipeline.accuracy.fell"
PROMOTION_BLOCKED = "pipeline.promotion.blocked"


class StageRun(NamedTuple):
    """How a stage ended."""

    state: State
    seconds: float
    changed: bool
    """Whether its outputs may differ from those that ``dvc.lock`` recorded before."""


def record_stages(outcomes: Mapping[str, StageRun]) -> None:
    """Create the table of the stages that were reached."""
    table = [
        {
            "stage": name,
            "state": outcome.state.name,
            "seconds": f"{outcome.seconds:.1f}",
            "message": outcome.state.message or "",
        }
        for name, outcome in outcomes.items()
    ]
    with server_may_be_away():
        create_table_artifact(table, key="stages", description="How each stage ended")


def record_seconds(what: str, timing: Timing) -> None:
    """Create a table of the seconds that each part of a task took."""
    table = [
        {"part": part, "seconds": f"{seconds:.1f}"} for part, seconds in timing.seconds.items()
    ]
    key = re.sub("[^a-z0-9]+", "-", f"seconds of {what}".lower())
    with server_may_be_away():
        create_table_artifact(table, key=key, description=f"Seconds of each part: {what}")


def record_results(folder: Path, base: str) -> None:
    """Create the table of metrics and changes since a commit, and the image of misclassifications.

    If the watched metric has dropped, emit the event ``METRIC_FELL``.

    Args:
        folder: of the run.
        base: the commit that the run began with.
    """
    metrics = changes_of_metrics(folder, base)
    with server_may_be_away():
        if metrics:
            create_table_artifact(
                [{"metric": name, **values} for name, values in metrics.items()],
                key="metrics",
                description=f"The metrics, and their change against {base[:7]}",
            )
        if (folder / _PICTURE).exists():
            encoded = base64.b64encode((folder / _PICTURE).read_bytes()).decode()
            create_image_artifact(
                f"data:image/png;base64,{encoded}",
                key="misclassified",
                description="Test images that the network got wrong",
            )
    watched = metrics.get(_WATCHED, {})
    if watched.get("change", 0) < 0:
        emit_event(
            METRIC_FELL,
            resource={
                "prefect.resource.id": f"pipeline.metric.{_WATCHED}",
                "prefect.resource.name": _WATCHED,
            },
            payload=watched,
        )


def record_report(where: str) -> None:
    """Create an artifact that explains where to find the report of the run."""
    with server_may_be_away():
        create_markdown_artifact(where, key="report", description="The report of the run")


def changes_of_metrics(folder: Path, base: str) -> dict[str, dict[str, float]]:
    """Ask DVC how each number changed since a commit: ``before``, ``after`` and ``change``."""
    try:
        changes = changes_of(folder, "metrics", base)
    except PipelineError as error:
        get_run_logger().warning("no metrics to compare with %s: %s", base[:7], error)
        return {}
    names = {"old": "before", "new": "after", "diff": "change"}
    return {
        metric: {
            names[name]: value
            for name, value in values.items()
            if name in names and _is_finite(value)
        }
        for metric, values in sorted(changes.items())
        if _is_finite(values.get("new"))
    }


def _is_finite(value: Any) -> bool:
    """Return whether a value is a number that Prefect's server can store."""
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
