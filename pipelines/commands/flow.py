"""Run the pipeline as a Prefect flow."""

import httpx

from pipelines.errors import PipelineError
from pipelines.server.reach import check_settings


def main() -> None:
    """Run the pipeline as a Prefect flow, now, on this machine.

    Example: python -m pipelines flow
    """
    check_settings()
    # Importing Prefect takes seconds, which --help does not need.
    from prefect.settings import (  # noqa: PLC0415
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_SERVER_LOGGING_LEVEL,
        temporary_settings,
    )

    from pipelines.flows.pipeline import pipeline  # noqa: PLC0415

    settings = {
        # Heartbeats are for unattended runs; Prefect stops them only at whole seconds.
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        # The temporary server logs a traceback if it is stopped while it saves an event. What keeps
        # it from serving the run reaches the run itself.
        PREFECT_SERVER_LOGGING_LEVEL: "CRITICAL",
    }
    with temporary_settings(settings):
        try:
            state = pipeline(return_state=True)
        except httpx.HTTPError as error:
            raise PipelineError(
                f"expected Prefect's server to accept the end of the run, found {error!r}; the "
                "stages that ran are recorded, and the next run goes on from there."
            ) from None
    raise SystemExit(not state.is_completed())
