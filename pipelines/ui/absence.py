"""Keep a run going while Prefect's server is away, and report at its end what the server missed.

Prefect drops the log lines that are written while its server is away, so they reach only the
terminal. The message of the run's final state therefore reports the gap to the server. This always
arrives, because no run ends without that state.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings


class _Miss(NamedTuple):
    """A request that the server did not accept."""

    when: dt.datetime
    why: str


# Requests of this process, which runs one flow.
_missed: list[_Miss] = []


@contextmanager
def server_may_be_away() -> Iterator[None]:
    """Turn the error of an unreachable or refusing Prefect server into a logged warning.

    Prefect's client tries for a minute. After the first failure, it tries each request only once.
    """
    settings = {PREFECT_CLIENT_MAX_RETRIES: 0} if _missed else {}
    try:
        with temporary_settings(settings):
            yield
    except httpx.HTTPError as error:
        _missed.append(_Miss(dt.datetime.now(tz=dt.UTC), repr(error)))
        # Prefect also prints this on standard error.
        get_run_logger().warning("Prefect's server did not accept a request: %r", error)


def report_missed(state: State) -> State:
    """Add to a run's final state what the server has missed since the last call, if anything."""
    if _missed:
        first, last = _missed[0], _missed[-1]
        report = (
            f"Prefect's server did not accept {len(_missed)} of its requests, from "
            f"{first.when:%H:%M:%S} to {last.when:%H:%M:%S} UTC ({last.why}): the log and the "
            "artifacts of the run are incomplete"
        )
        state.message = f"{state.message}; {report}" if state.message else report
        _missed.clear()
    return state
