"""Send notifications through a block on Prefect's server."""

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from pipelines.errors import PipelineError
from pipelines.server import automations


def notify_through(block: str) -> list[str]:
    """Make the server notify of failures, drops in accuracy and failed gates.

    Args:
        block: a notification block, as TYPE/NAME.

    Returns:
        The names of the automations.

    Raises:
        PipelineError: the server has no such block, or the block cannot send notifications.
    """
    identity = identity_of(block)
    made = [
        automations.notify_of_failures(identity),
        automations.notify_of_accuracy_drops(identity),
        automations.notify_of_blocked_promotions(identity),
    ]
    for automation in made:
        automations.make(automation)
    return [automation.name for automation in made]


def identity_of(block: str) -> UUID:
    """Return the id of a notification block, by its type and name.

    Raises:
        PipelineError: the server has no such block, or the block cannot send notifications.
    """
    kind, _, name = block.partition("/")
    with get_client(sync_client=True) as client:
        try:
            found = client.read_block_document_by_name(name, kind, include_secrets=False)
        except ObjectNotFound:
            raise PipelineError(
                f"expected a notification block of the server as TYPE/NAME, found {block}; "
                "list them with `prefect block ls`, or create one on the page Blocks of the UI."
            ) from None
    if not found.block_schema or "notify" not in found.block_schema.capabilities:
        raise PipelineError(
            f"expected a block that sends notifications, found {block}; choose another, such as "
            "slack-webhook/alerts."
        )
    return found.id
