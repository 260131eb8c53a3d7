"""What a run shows is worth less than what it makes."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.logging import get_run_logger


@contextmanager
def server_may_be_away() -> Iterator[None]:
    """Leave the block with a warning when Prefect's server cannot be reached, or refuses."""
    try:
        yield
    except httpx.HTTPError as error:
        get_run_logger().warning("Prefect's server did not take a record: %r", error)
