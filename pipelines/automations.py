"""What the server does by itself: it declares dead the runs that have fallen silent."""

import datetime as dt
from typing import cast

from prefect.automations import Automation
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger, Posture
from prefect.events.actions import ChangeFlowRunState
from prefect.settings import get_current_settings

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


def make(automation: Automation) -> None:
    """Create the automation, or bring the one of its name up to date."""
    try:
        known = cast("Automation", Automation.read(name=automation.name))
    except ValueError:
        automation.create()
    else:
        automation.id = known.id
        automation.update()
