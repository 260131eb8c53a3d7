import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings

from pipelines.server.worker import make_pool
from tests.pipelines.prefect_server import Prefect


def test_pool_is_made_once_and_then_left_as_its_user_changes_it(
    prefect: Prefect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    monkeypatch.setenv("PREFECT_HOME", prefect.environment["PREFECT_HOME"])
    with (
        temporary_settings({PREFECT_API_URL: prefect.url}),
        get_client(sync_client=True) as client,
    ):
        make_pool("changed")
        made = client.read_work_pool("changed")
        assert (made.type, made.is_paused, made.concurrency_limit) == ("process", False, None)
        template = made.base_job_template | {"job_configuration": {"stream_output": False}}
        change = WorkPoolUpdate(is_paused=True, concurrency_limit=3, base_job_template=template)
        client.update_work_pool("changed", change)

        make_pool("changed")

        found = client.read_work_pool("changed")
        assert (found.is_paused, found.concurrency_limit) == (True, 3)
        assert found.base_job_template == template
