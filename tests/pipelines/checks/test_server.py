from collections.abc import Iterator
from pathlib import Path

import prefect as library
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings

from pipelines.checks import server
from pipelines.server import automations
from pipelines.server.deployments import Deployment
from tests.helpers import ROOT, free_port
from tests.pipelines.prefect_server import Prefect, copy_home, running


@pytest.fixture
def client(prefect: Prefect) -> Iterator[SyncPrefectClient]:
    settings = temporary_settings({PREFECT_API_URL: prefect.url})
    with settings, get_client(sync_client=True) as client:
        yield client


def test_missing_address_is_a_warning_with_the_command_that_sets_it() -> None:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        (result,) = server.run_checks(ROOT)
    assert (result.part, result.state) == ("Prefect server", "warning")
    assert "make serve" in result.fix
    assert "export PREFECT_API_URL=" in result.fix


def test_server_that_responds_is_ok(prefect: Prefect) -> None:
    assert server.reachable(prefect.url).state == "ok"


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "127.0.0.1:none"])
def test_server_that_does_not_respond_is_reported_without_its_password(address: str) -> None:
    place = address.format(port=free_port())
    result = server.reachable(f"http://somebody:secret@{place}/api")
    assert result.state == "missing"
    assert result.finding.startswith("Expected Prefect's server at PREFECT_API_URL, found no ")
    assert "secret" not in str(result)


def test_address_of_another_program_is_reported(prefect: Prefect) -> None:
    result = server.reachable(f"{prefect.url}/elsewhere")
    assert result.state == "missing"
    assert result.finding.endswith("/elsewhere.")


def test_server_of_another_version_is_a_warning(client: SyncPrefectClient) -> None:
    assert server.version(client, library.__version__).state == "ok"
    result = server.version(client, "3.0.0")
    assert result.state == "warning"
    assert result.finding.endswith(
        f"Expected version 3.0.0 on the server, as here, found {library.__version__}."
    )


def test_work_pool_is_ok_only_if_it_exists_and_is_not_paused(
    client: SyncPrefectClient,
) -> None:
    absent = server.work_pool(client, "own")
    assert absent.state == "missing"
    assert absent.fix == "prefect work-pool create own --type process"
    client.create_work_pool(WorkPoolCreate(name="own", type="process"))
    assert server.work_pool(client, "own").state == "ok"
    client.update_work_pool("own", WorkPoolUpdate(is_paused=True))
    paused = server.work_pool(client, "own")
    assert paused.state == "missing"
    assert paused.fix == "prefect work-pool resume own"


def test_worker_is_ok_only_if_one_is_online(client: SyncPrefectClient) -> None:
    client.create_work_pool(WorkPoolCreate(name="workshop", type="process"))
    absent = server.worker(client, "workshop")
    assert absent.state == "missing"
    assert absent.fix == "prefect worker start --pool workshop"
    optional = server.worker(client, "workshop", needed=False)
    assert optional.state == "warning"
    assert optional.fix == "python -m pipelines worker workshop"
    client.send_worker_heartbeat("workshop", "somebody", heartbeat_interval_seconds=30)
    assert server.worker(client, "workshop").state == "ok"


def test_deployments_are_ok_only_if_they_match_prefect_yaml(client: SyncPrefectClient) -> None:
    planned = [Deployment(name, "flow.py:pipeline", "deployed") for name in ("now", "later")]
    client.create_work_pool(WorkPoolCreate(name="deployed", type="process"))
    flow = client.create_flow_from_name("pipeline")

    def deploy(name: str, pool: str | None) -> None:
        client.create_deployment(flow, name, entrypoint="flow.py:pipeline", work_pool_name=pool)

    deploy("now", "deployed")
    deploy("later", None)
    result = server.deployments(client, planned)
    assert result.state == "missing"
    assert result.finding.endswith("found no such deployment for later.")
    deploy("later", "deployed")
    assert server.deployments(client, planned).state == "ok"


def test_automation_is_ok_only_if_it_exists_and_is_enabled(
    client: SyncPrefectClient,
) -> None:
    absent = server.automation(client)
    assert absent.state == "missing"
    assert absent.fix == "python -m pipelines automations"
    automations.make(automations.crash_silent_runs())
    assert server.automation(client).state == "ok"
    (made,) = client.read_automations_by_name(automations.crash_silent_runs().name)
    client.pause_automation(made.id)
    paused = server.automation(client)
    assert paused.state == "missing"
    assert paused.fix == "prefect automation resume 'Crash silent runs'"


@pytest.mark.slow
def test_server_that_requires_a_password_is_reported(tmp_path: Path, prefect_home: Path) -> None:
    copy_home(prefect_home, tmp_path)
    guarded = Prefect(free_port(), tmp_path)
    guarded.environment["PREFECT_SERVER_API_AUTH_STRING"] = "somebody:secret"
    with running(guarded), temporary_settings({PREFECT_API_URL: guarded.url}):
        reached, refused = server.run_checks(ROOT)
    assert reached.state == "ok"
    assert (refused.part, refused.state) == ("Prefect access", "missing")
    assert refused.finding == "Expected access, found HTTP status 401."
    assert refused.fix.startswith("export PREFECT_API_AUTH_STRING=")
