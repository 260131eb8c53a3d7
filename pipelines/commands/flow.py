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
        temporary_settings,
    )

    from pipelines.flows.pipeline import pipeline  # noqa: PLC0415

    # Heartbeats are for unattended runs; Prefect stops them only at whole seconds.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        try:
            state = pipeline(return_state=True)
        except httpx.HTTPError as error:
            raise PipelineError(
                f"expected Prefect's server to accept the end of the run, found {error!r}; the "
                "stages that ran are recorded, and the next run goes on from there."
            ) from None
    raise SystemExit(not state.is_completed())
