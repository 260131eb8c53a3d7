"""Set up the server's automations, which end silent runs and send notifications of problems."""

import datetime as dt
from typing import cast
from uuid import UUID

from prefect.automations import Automation
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger, Posture, emit_event
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.settings import get_current_settings

from pipelines.ui.artifacts import METRIC_FELL, PROMOTION_BLOCKED

_HEARTBEAT = "prefect.flow-run.heartbeat"
# Number of heartbeats that a run may miss.
_MISSED = 3


def crash_silent_runs() -> Automation:
    """Return the automation that marks a run as crashed when its heartbeats stop."""
    ends = [f"prefect.flow-run.{end}" for end in ("Completed", "Failed", "Cancelled", "Crashed")]
    frequency = get_current_settings().flows.heartbeat_frequency or 30
    return Automation(
        name="Crash silent runs",
        description="A run whose process has died sends no heartbeats",
        trigger=EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *ends, "prefect.flow-run.Skipped"},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=dt.timedelta(seconds=_MISSED * frequency),
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                message="its process has sent no heartbeat for too long",
                force=False,
            )
        ],
    )


def notify_of_failures(block: UUID) -> Automation:
    """Return the automation that sends a notification when a run has failed or crashed."""
    return Automation(
        name="Notify of failed runs",
        description="A run has failed, has crashed or took too long",
        trigger=_reaction(
            *(f"prefect.flow-run.{end}" for end in ("Failed", "Crashed", "TimedOut")),
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }}: '{{ flow_run.name }}' {{ flow_run.state.name|lower }}",
                body="{{ flow_run.state.message }}\n{{ flow_run|ui_url }}",
            )
        ],
    )


def notify_of_accuracy_drops(block: UUID) -> Automation:
    """Return the automation that sends a notification when the watched metric has dropped."""
    return Automation(
        name="Notify of accuracy drops",
        description="A run's metric is lower than at the commit that the run started from",
        trigger=_reaction(METRIC_FELL),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }}: '{{ flow_run.name }}' has a lower accuracy",
                body=(
                    "{{ event.resource.name }}: {{ event.payload.before }} before, "
                    "{{ event.payload.after }} now\n{{ flow_run|ui_url }}"
                ),
            )
        ],
    )


def notify_of_blocked_promotions(block: UUID) -> Automation:
    """Return the automation that sends a notification when a model fails the gate."""
    return Automation(
        name="Notify of blocked promotions",
        description="A run's model does not meet the criteria for promotion in params.yaml",
        trigger=_reaction(PROMOTION_BLOCKED),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }}: '{{ flow_run.name }}' is not promoted",
                body=(
                    "{{ event.payload.branch }}: {{ event.payload.failures }}\n"
                    "{{ flow_run|ui_url }}"
                ),
            )
        ],
    )


def _reaction(*events: str, match: dict[str, str | list[str]] | None = None) -> EventTrigger:
    """Return a trigger that starts an automation on each of these events."""
    return EventTrigger(
        expect=set(events), match=match or {}, posture=Posture.Reactive, threshold=1
    )


def make(automation: Automation) -> None:
    """Create the automation, or update the existing one of the same name."""
    try:
        known = cast("Automation", Automation.read(name=automation.name))
    except ValueError:
        automation.create()
    else:
        automation.id = known.id
        automation.update()


def expect_heartbeats() -> None:
    """Make the server wait for the next heartbeat of every running deployment run.

    The server forgets which runs it waits for when the automation is updated, and may lose them
    when it is killed. Runs that were started by hand send no heartbeats.
    """
    running = FlowRunFilterStateType(any_=[StateType.RUNNING])
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=running),
                deployment_id=FlowRunFilterDeploymentId(is_null_=False),
            )
        )
    for run in runs:
        emit_event(_HEARTBEAT, resource={"prefect.resource.id": f"prefect.flow-run.{run.id}"})
