"""Set up automations."""

import typer

from pipelines.server.reach import check_settings


def main() -> None:
    """Have Prefect's server end runs whose process has died; `serve` does this by itself.

    Example: python -m pipelines automations
    """
    check_settings()
    # Importing Prefect takes seconds, which --help does not need.
    from pipelines.server import automations  # noqa: PLC0415

    automation = automations.crash_silent_runs()
    automations.make(automation)
    automations.expect_heartbeats()
    typer.echo(automation.name)
