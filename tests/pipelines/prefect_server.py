"""A real server of Prefect on loopback, and what tests ask of it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.helpers import PATIENCE, ROOT, wait_until

PYTHON = Path(sys.executable)


class Prefect:
    """What the tests ask of a server, by its HTTP interface, and the settings of its clients."""

    def __init__(self, port: int, home: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/api"
        self.environment = os.environ | {
            "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_HOME": str(home),
        }

        # One client for all requests, because to make one takes longer than to ask. It keeps no
        # connection open.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=30, limits=limits)

    def _post(self, path: str, **body: Any) -> Any:
        answer = self._answer(path, body)
        if answer.status_code == httpx.codes.FORBIDDEN:
            # The server asks for a token, which is valid for an hour.
            name = {"client": "tests"}
            token = self._client.get(f"{self.url}/csrf-token", params=name).json()["token"]
            own = {"Prefect-Csrf-Client": name["client"], "Prefect-Csrf-Token": token}
            self._client.headers.update(own)
            answer = self._answer(path, body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _answer(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Ask again while the server's database is busy, as Prefect's own client does."""

        def ask() -> httpx.Response | None:
            answer = self._client.post(f"{self.url}/{path}", json=body)
            busy = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            return None if busy else answer

        found: httpx.Response = wait_until(ask)
        return found

    def run_deployment(self, name: str, **parameters: Any) -> str:
        """Have a worker run a deployment, as the UI does, and give the run's id."""
        found = self._client.get(f"{self.url}/deployments/name/{name}").raise_for_status().json()
        path = f"deployments/{found['id']}/create_flow_run"
        state = {"type": "SCHEDULED"}
        return str(self._post(path, parameters=found["parameters"] | parameters, state=state)["id"])

    def cancel(self, run: str) -> None:
        """Cancel a flow run, as the UI does."""
        state = {"type": "CANCELLING", "name": "Cancelling"}
        self._post(f"flow_runs/{run}/set_state", state=state)

    def runs(self, **having: Any) -> list[dict[str, Any]]:
        """The flow runs of these properties, the newest first."""
        filters: dict[str, object] = {name: {"any_": [value]} for name, value in having.items()}
        if "state" in having:
            filters["state"] = {"name": {"any_": [having["state"]]}}
        sort = "START_TIME_DESC"
        found: list[dict[str, Any]] = self._post("flow_runs/filter", flow_runs=filters, sort=sort)
        return found

    def newest(self, beginning: str) -> dict[str, Any]:
        """The newest of the flow runs whose names begin so."""
        named = {"name": {"like_": beginning}}
        sort = "EXPECTED_START_TIME_DESC"
        found = self._post("flow_runs/filter", flow_runs=named, sort=sort, limit=1)
        return dict(found[0])

    def tasks(self, run: str, *ended: str) -> dict[str, dict[str, Any]]:
        """The task runs of a flow run, by name, once these have ended.

        The server learns of them by events, which may come later than the end of the run.
        """

        def find() -> dict[str, dict[str, Any]] | None:
            found = self._post("task_runs/filter", flow_runs={"id": {"any_": [run]}})
            tasks = {task["name"]: task for task in found}
            return tasks if all(tasks.get(name, {}).get("end_time") for name in ended) else None

        if not ended:
            return find() or {}
        tasks: dict[str, dict[str, Any]] = wait_until(find)
        return tasks

    def artifacts(self, run: str) -> dict[str, Any]:
        """What a flow run, or one of its tasks, left to see, by key."""
        return {artifact["key"]: artifact["data"] for artifact in self._artifacts(run)}

    def description(self, run: str, key: str) -> str:
        """The description of an artifact of a flow run."""
        found = {artifact["key"]: artifact["description"] for artifact in self._artifacts(run)}
        return str(found[key])

    def _artifacts(self, run: str) -> Any:
        return self._post("artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})

    def events(self, name: str, **payload: Any) -> list[dict[str, Any]]:
        """The events of this name and with this in their payload."""
        found = self._post("events/filter", filter={"event": {"name": [name]}})["events"]
        return [event for event in found if payload.items() <= event["payload"].items()]

    def automations(self) -> list[str]:
        """The names of all automations."""
        return [automation["name"] for automation in self._post("automations/filter")]

    def logs(self, run: str) -> list[str]:
        found = self._post("logs/filter", logs={"flow_run_id": {"any_": [run]}}, limit=200)
        return [line["message"] for line in found]


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2).is_success
    except httpx.TransportError:
        return False


def copy_home(prepared: Path, home: Path) -> None:
    """Begin with a prepared database: to make a new one takes longer than the server's start."""
    shutil.copytree(prepared, home, dirs_exist_ok=True)


@contextmanager
def running(server: Prefect) -> Iterator[subprocess.Popen[bytes]]:
    """A server with the project's settings, once it answers."""
    with subprocess.Popen(
        [PYTHON, "-m", "prefect", "server", "start"],
        cwd=ROOT,
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until(lambda: answers(server.url))
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)
