"""Have the server tell somebody when a run has failed, or when it has made the model worse."""

from typing import Annotated
from uuid import UUID

import typer
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from pipelines import automations
from pipelines.errors import PipelineError

BlockOption = Annotated[
    str,
    typer.Argument(
        metavar="TYPE/NAME",
        help="a notification block of the server, such as slack-webhook/alerts",
    ),
]


def main(block: BlockOption) -> None:
    """Send notifications of failures, falls and shut gates through a block that the server has."""
    try:
        identity = identity_of(block)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    for automation in (
        automations.tell_of_failures(identity),
        automations.tell_of_falls(identity),
        automations.tell_of_shut_gates(identity),
    ):
        automations.make(automation)
        typer.echo(f"{automation.name}: through {block}")


def identity_of(block: str) -> UUID:
    """Give the id of a notification block, by its type and name.

    Raises:
        PipelineError: the server has no such block, or it cannot send notifications.
    """
    kind, _, name = block.partition("/")
    with get_client(sync_client=True) as client:
        try:
            found = client.read_block_document_by_name(name, kind, include_secrets=False)
        except ObjectNotFound:
            raise PipelineError(
                f"expected a notification block of the server as TYPE/NAME, found {block}; "
                "`prefect block ls` lists what there is, the UI's page Blocks makes another."
            ) from None
    if not found.block_schema or "notify" not in found.block_schema.capabilities:
        raise PipelineError(
            f"expected a block that sends notifications, found {block}; choose another, such as "
            "slack-webhook/alerts."
        )
    return found.id


if __name__ == "__main__":
    typer.run(main)
