"""A real Prefect server, and a DVC repository whose pipeline takes no time."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)

_yaml = YAML()

Git = Callable[..., str]


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

    def _post(self, path: str, **body: Any) -> Any:
        client = "tests"
        token = httpx.get(f"{self.url}/csrf-token", params={"client": client}, timeout=30).json()
        headers = {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token["token"]}
        answer = httpx.post(f"{self.url}/{path}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def runs(self, **having: Any) -> list[dict[str, Any]]:
        """The flow runs of these properties, the newest first."""
        filters = {name: {"any_": [value]} for name, value in having.items()}
        if "state" in having:
            filters["state"] = {"name": {"any_": [having["state"]]}}
        return self._post("flow_runs/filter", flow_runs=filters, sort="START_TIME_DESC")

    def newest(self, beginning: str) -> dict[str, Any]:
        """The newest of the flow runs whose names begin so."""
        named = {"name": {"like_": beginning}}
        sort = "EXPECTED_START_TIME_DESC"
        found = self._post("flow_runs/filter", flow_runs=named, sort=sort, limit=1)
        return dict(found[0])

    def tasks(self, run: str) -> dict[str, dict[str, Any]]:
        """The task runs of a flow run, by name."""
        found = self._post("task_runs/filter", flow_runs={"id": {"any_": [run]}})
        return {task["name"]: task for task in found}

    def artifacts(self, run: str) -> dict[str, Any]:
        """What a flow run, or one of its tasks, left to see, by key."""
        found = self._post("artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
        return {artifact["key"]: artifact["data"] for artifact in found}

    def events(self, name: str, **payload: Any) -> list[dict[str, Any]]:
        """The events of this name and with this in their payload."""
        found = self._post("events/filter", filter={"event": {"name": [name]}})["events"]
        return [event for event in found if payload.items() <= event["payload"].items()]

    def logs(self, run: str) -> list[str]:
        found = self._post("logs/filter", logs={"flow_run_id": {"any_": [run]}}, limit=200)
        return [line["message"] for line in found]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(seconds: float, condition: Callable[[], Any]) -> Any:
    """Give what the condition does once it is true; fail when it takes longer."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
    return found


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2).is_success
    except httpx.TransportError:
        return False


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
            wait_until(120, lambda: answers(server.url))
            yield process
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """A server on loopback."""
    server = Prefect(free_port(), tmp_path_factory.mktemp("prefect"))
    with running(server):
        yield server


def run(folder: Path, *command: str) -> str:
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def apart(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have Git and DVC be of this test alone."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "a")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "true")
    monkeypatch.setenv("PATH", f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}")


def copy_toy(folder: Path) -> Path:
    """Make the toy pipeline a Git and DVC repository, committed after its first run."""
    shutil.copytree(Path(__file__).parent / "toy", folder)
    shutil.copy(ROOT / "prefect.toml", folder)
    for command in (
        ("git", "init", "--quiet", "--initial-branch=main"),
        ("dvc", "init", "--quiet"),
        ("dvc", "repro", "--quiet"),
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", "-m", "Begin"),
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder


def clone_for_work(root: Path, caller: Path, address: str = "..") -> Path:
    """Give the caller remotes, and clone what it has committed for a worker.

    The address of the root is relative to a clone, or absolute.
    """
    run(root, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(caller, "git", "remote", "add", "origin", f"{address}/origin.git")
    run(caller, "git", "push", "--quiet", "origin", "main")
    run(root, "git", "clone", "--quiet", "origin.git", "worker")
    worker = root / "worker"
    run(worker, "git", "remote", "set-url", "origin", f"{address}/origin.git")
    for clone in (caller, worker):
        store = ("--local", "--default", "store", f"{address}/store")
        run(clone, "dvc", "remote", "add", "--quiet", *store)
    return worker


def search(toy: Path) -> None:
    """Have a second pipeline beside the toy's, as the project has one for its search."""
    (toy / "tuning").mkdir()
    (toy / "tuning" / "dvc.yaml").write_text(
        "stages:\n"
        "  tune:\n"
        "    wdir: ..\n"
        "    cmd: cat raw.txt > reports/tuning.csv\n"
        "    deps: [raw.txt]\n"
        "    outs:\n"
        "      - reports/tuning.csv: {cache: false}\n"
        "    meta: {pool: gpu}\n"
    )


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy pipeline as a Git and DVC repository, committed after its first run."""
    apart(monkeypatch, tmp_path)
    return copy_toy(tmp_path / "toy")


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a pipeline whose results a gate can judge, which has not been run."""
    apart(monkeypatch, tmp_path)
    folder = tmp_path / "judged"
    shutil.copytree(Path(__file__).parent / "judged", folder)
    (folder / ".gitignore").write_text("/model.txt\n")
    run(folder, "git", "init", "--quiet", "--initial-branch=main")
    run(folder, "dvc", "init", "--quiet")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "-m", "Begin")
    return folder


@pytest.fixture
def git(toy: Path) -> Git:
    """Run Git in the toy's folder, and give what it prints."""

    def run(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=toy, check=True, capture_output=True, text=True
        ).stdout.strip()

    return run


@pytest.fixture
def set_params(toy: Path) -> Callable[..., None]:
    """Change values of the toy's params.yaml."""

    def change(**values: Any) -> None:
        params = _yaml.load(toy / "params.yaml") | values
        _yaml.dump(params, toy / "params.yaml")

    return change


@pytest.fixture
def worker_clone(toy: Path, git: Git) -> Path:
    """The worker's clone of the toy with this project's flows."""
    for package in ("pipelines", "stages"):
        shutil.copytree(ROOT / package, toy / package, ignore=shutil.ignore_patterns("__py*"))
    shutil.copy(ROOT / "prefect.yaml", toy)
    (toy / ".gitignore").write_text("/raw.txt\n/model.txt\n__pycache__/\n")
    git("add", "--all")
    git("commit", "--quiet", "-m", "Have a flow")
    return clone_for_work(toy.parent, toy)


@contextmanager
def working(
    prefect: Prefect, clone: Path, folder: Path, pool: str = "gpu"
) -> Iterator[tuple[psutil.Process, Path]]:
    """A worker at work in a clone, with a home of its own in a folder; and the log of it."""
    home = folder / "home-of-worker"
    home.mkdir(exist_ok=True)
    own = {name: value for name, value in os.environ.items() if name.startswith("GIT_")}
    environment = {
        "PATH": prefect.environment["PATH"],
        "PYTHONPATH": str(clone),
        "PREFECT_API_URL": prefect.url,
        "PREFECT_HOME": str(home / ".prefect"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "HOME": str(home),
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        "DVC_NO_ANALYTICS": "true",
        **own,
    }
    log = folder / "worker.log"
    with (
        log.open("a") as output,
        subprocess.Popen(
            [PYTHON, "-m", "pipelines.worker", pool, "--cache-gigabytes", "1"],
            cwd=clone,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        wait_until(60, lambda: "at work for the pool" in log.read_text())
        yield psutil.Process(process.pid), log
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


class FlowRun:
    """A run of the flow in a process of its own."""

    flow = "pipelines.flow", "pipeline"
    """Module and function."""

    def __init__(self, prefect: Prefect, folder: Path, **parameters: Any) -> None:
        module, function = self.flow
        code = (
            f"import json, sys; from {module} import {function}; "
            f"state = {function}(**json.loads(sys.argv[1]), return_state=True); "
            "print(json.dumps([str(state.state_details.flow_run_id), state.name, state.message]))"
        )
        # The environment of this test over that of the session's server.
        own = ("GIT_", "DVC_")
        environment = prefect.environment | {
            name: value for name, value in os.environ.items() if name.startswith(own)
        }
        self.process = subprocess.Popen(
            [PYTHON, "-c", code, json.dumps(parameters)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, seconds: float = 120) -> tuple[str, str, str]:
        """Wait for the end, and give the run's id, and its state's name and message."""
        out, err = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, err
        identity, name, message = json.loads(out.splitlines()[-1])
        return identity, name, message


@pytest.fixture
def start(prefect: Prefect, toy: Path) -> Iterator[Callable[..., FlowRun]]:
    """Start the flow on the toy, with these parameters."""
    runs: list[FlowRun] = []

    def start(**parameters: Any) -> FlowRun:
        runs.append(FlowRun(prefect, toy, **parameters))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.communicate()
