import logging
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed, Scheduled

from pipelines.errors import NoWorkerError
from pipelines.ui import absence
from pipelines.workers import submit
from pipelines.workers.policy import Policy

_NO_WAIT = Policy(pool_wait=0, pool_empty="fail", pool_timeout=60, pool_lost="fail")


class Server:
    """A server that answers with a run in each of these states, or is away where one is None."""

    def __init__(self, *states: State[Any] | None) -> None:
        self._states = iter(states)

    def read_flow_run(self, _: object) -> FlowRun:
        if (state := next(self._states)) is None:
            raise httpx.ConnectError("away")
        return FlowRun(flow_id=uuid4(), state=state)


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absence, "get_run_logger", lambda: logging.getLogger("test"))
    monkeypatch.setattr(absence, "_missed", [])
    monkeypatch.setattr(submit, "_POLL_INTERVAL", 0)


def wait(*states: State[Any] | None) -> FlowRun:
    client = cast("SyncPrefectClient", Server(*states))
    return submit.wait_for_end(client, uuid4(), "work/gpu", _NO_WAIT)


def test_worker_is_not_given_up_while_the_server_is_away() -> None:
    found = wait(None, None, Completed())

    assert found.state
    assert found.state.is_completed()


def test_stage_that_no_worker_starts_in_time_is_an_error() -> None:
    with pytest.raises(NoWorkerError, match="expected a worker to start work/gpu within 0 s"):
        wait(None, Scheduled())
