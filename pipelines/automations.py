"""What the server does by itself: end silent runs, and tell somebody of what went wrong."""

import datetime as dt
from typing import cast
from uuid import UUID

from prefect.automations import Automation
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger, Posture
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.settings import get_current_settings

from pipelines.records import METRIC_FELL

# Heartbeats that a run may miss.
_MISSED = 3


def crash_silent_runs() -> Automation:
    """Describe the automation that marks a run as crashed when its heartbeats stop."""
    heartbeat = "prefect.flow-run.heartbeat"
    ends = [f"prefect.flow-run.{end}" for end in ("Completed", "Failed", "Cancelled", "Crashed")]
    frequency = get_current_settings().flows.heartbeat_frequency or 30
    return Automation(
        name="Crash silent runs",
        description="A run whose process has died sends no heartbeats",
        trigger=EventTrigger(
            after={heartbeat},
            expect={heartbeat, *ends, "prefect.flow-run.Skipped"},
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


def tell_of_failures(block: UUID) -> Automation:
    """Describe the automation that sends a notification when a run has failed or crashed."""
    return Automation(
        name="Tell of failures",
        description="A run has failed, has crashed or took too long",
        trigger=EventTrigger(
            expect={f"prefect.flow-run.{end}" for end in ("Failed", "Crashed", "TimedOut")},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }}: '{{ flow_run.name }}' {{ flow_run.state.name|lower }}",
                body="{{ flow_run.state.message }}\n{{ flow_run|ui_url }}",
            )
        ],
    )


def tell_of_falls(block: UUID) -> Automation:
    """Describe the automation that sends a notification when the watched metric has fallen."""
    return Automation(
        name="Tell of falls",
        description="A run's metric is lower than at the commit that the run began with",
        trigger=EventTrigger(
            expect={METRIC_FELL},
            posture=Posture.Reactive,
            threshold=1,
        ),
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


def make(automation: Automation) -> None:
    """Create the automation, or bring the one of its name up to date."""
    try:
        known = cast("Automation", Automation.read(name=automation.name))
    except ValueError:
        automation.create()
    else:
        automation.id = known.id
        automation.update()


if __name__ == "__main__":
    make(crash_silent_runs())
