"""Check whether Prefect's server has what a run needs, and workers for it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import WorkerStatus
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings

from pipelines.checks.result import CheckResult
from pipelines.server.automations import crash_silent_runs
from pipelines.server.deployments import Deployment, read_deployments
from pipelines.server.reach import fault_at

_WORKER_FLOW = "pipelines/flows/worker.py:work"
_SET_URL = "export PREFECT_API_URL=http://127.0.0.1:4200/api"


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check the server at PREFECT_API_URL against a folder's ``prefect.yaml``."""
    url = get_current_settings().api.url
    if not url:
        finding = "PREFECT_API_URL is not set; each run starts its own temporary server."
        yield CheckResult("Prefect server", "warning", finding, f"make serve    # then {_SET_URL}")
        return
    yield (server := reachable(url))
    if server.state != "ok":
        return
    planned = read_deployments(folder / "prefect.yaml")
    with get_client(sync_client=True) as client:
        try:
            yield version(client, prefect.__version__)
            for pool in dict.fromkeys(entry.work_pool for entry in planned):
                yield (found := work_pool(client, pool))
                if found.state == "ok":
                    # A flow can run without the pool that stages are submitted to.
                    needed = any(
                        entry.work_pool == pool and entry.entrypoint != _WORKER_FLOW
                        for entry in planned
                    )
                    yield worker(client, pool, needed=needed)
            yield deployments(client, planned)
            yield automation(client)
        except httpx.HTTPStatusError as error:
            finding = f"Expected access, found HTTP status {error.response.status_code}."
            fix = "export PREFECT_API_AUTH_STRING=NAME:PASSWORD"
            yield CheckResult("Prefect access", "missing", finding, fix)


def reachable(url: str) -> CheckResult:
    """Check that a server responds at an address; the result hides the password in the address."""
    found = fault_at(url)
    if not found:
        place = urlsplit(url).netloc.rpartition("@")[2]
        return CheckResult("Prefect server", "ok", f"It responds at {place}.")
    finding = f"Expected Prefect's server at PREFECT_API_URL, found {found}."
    return CheckResult("Prefect server", "missing", finding, f"make serve    # or {_SET_URL}")


def version(client: SyncPrefectClient, expected: str) -> CheckResult:
    """Check that the server has the same version as this environment."""
    found = client.api_version()
    if found == expected:
        return CheckResult("Prefect version", "ok", f"{found}, on the server and here.")
    finding = f"Expected version {expected} on the server, as here, found {found}."
    return CheckResult(
        "Prefect version", "warning", finding, "make serve    # after stopping that server"
    )


def work_pool(client: SyncPrefectClient, name: str) -> CheckResult:
    """Check that a work pool exists and is not paused."""
    try:
        paused = client.read_work_pool(name).is_paused
    except ObjectNotFound:
        fix = f"prefect work-pool create {name} --type process"
        return CheckResult("work pool", "missing", f"Expected a work pool {name}, found none.", fix)
    if paused:
        fix = f"prefect work-pool resume {name}"
        return CheckResult(
            "work pool", "missing", f"Expected {name} to be active, found it paused.", fix
        )
    return CheckResult("work pool", "ok", f"{name} is active.")


def worker(client: SyncPrefectClient, pool: str, *, needed: bool = True) -> CheckResult:
    """Check that a worker of a work pool is online.

    Args:
        client: of the server.
        pool: the work pool.
        needed: false for a pool that only stages are submitted to; the result is then a warning.
    """
    workers = client.read_workers_for_work_pool(pool)
    online = sum(found.status == WorkerStatus.ONLINE for found in workers)
    if online:
        return CheckResult("worker", "ok", f"Online for {pool}: {online}.")
    finding = f"Expected an online worker for {pool}, found none; offline: {len(workers)}."
    if needed:
        return CheckResult("worker", "missing", finding, f"prefect worker start --pool {pool}")
    # It has a clone, a lock and a cache of its own.
    return CheckResult("worker", "warning", finding, f"python -m pipelines worker {pool}")


def deployments(client: SyncPrefectClient, expected: Sequence[Deployment]) -> CheckResult:
    """Check that the server has the deployments of ``prefect.yaml``."""
    named = DeploymentFilterName(any_=[entry.name for entry in expected])
    found = {
        Deployment(entry.name, entry.entrypoint or "", entry.work_pool_name or "")
        for entry in client.read_deployments(deployment_filter=DeploymentFilter(name=named))
    }
    names = " and ".join(entry.name for entry in expected)
    wrong = " and ".join(entry.name for entry in expected if entry not in found)
    if not wrong:
        return CheckResult("deployments", "ok", f"The server has {names}, as in prefect.yaml.")
    finding = f"Expected {names} as in prefect.yaml, found no such deployment for {wrong}."
    return CheckResult("deployments", "missing", finding, "prefect --no-prompt deploy --all")


def automation(client: SyncPrefectClient) -> CheckResult:
    """Check that the server marks runs as crashed when their heartbeats stop."""
    name = crash_silent_runs().name
    found = client.read_automations_by_name(name)
    if not found:
        finding = f"Expected the automation '{name}', found none."
        return CheckResult("automation", "missing", finding, "python -m pipelines automations")
    if not any(entry.enabled for entry in found):
        finding = f"Expected '{name}' to be enabled, found it disabled."
        return CheckResult("automation", "missing", finding, f"prefect automation resume '{name}'")
    return CheckResult("automation", "ok", f"'{name}' is enabled.")
