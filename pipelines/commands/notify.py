"""Set up notifications."""

from typing import Annotated

import typer

from pipelines.server.reach import check_settings


def main(
    block: Annotated[
        str,
        typer.Argument(metavar="TYPE/NAME", help="A notification block of Prefect's server."),
    ],
) -> None:
    """Send notifications of failed runs, accuracy drops and blocked promotions through a block.

    Example: python -m pipelines notify slack-webhook/alerts
    """
    check_settings()
    # Importing Prefect takes seconds, which --help does not need.
    from pipelines.server.notifications import notify_through  # noqa: PLC0415

    for name in notify_through(block):
        typer.echo(f"{name}: through {block}")
