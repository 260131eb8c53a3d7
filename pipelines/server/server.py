"""Run Prefect on one machine: server, work pool, deployments, automation and worker."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import httpx

from pipelines import PROJECT
from pipelines.errors import PipelineError
from pipelines.server.deployments import read_deployments
from pipelines.server.process import PREFECT, Log, pass_on, prefect
from pipelines.server.worker import make_pool, work
from pipelines.system.lock import BusyError, exclusive
from pipelines.system.process import started

_POOL = "local"
# Seconds to wait for the server's first response.
_START_TIMEOUT = 300


def environment(port: int) -> Mapping[str, str]:
    """Return the settings that ``serve`` adds to ``prefect.toml``.

    The database is in the project, so that the next ``make serve`` continues with it. The server
    requires the string in PREFECT_API_AUTH_STRING, and clients send it.
    """
    settings = {
        "PREFECT_HOME": str(PROJECT / ".prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port}",
    }
    if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
        settings["PREFECT_SERVER_API_AUTH_STRING"] = secret
    return settings


@contextmanager
def only_server(port: int, log: Log) -> Iterator[int]:
    """Keep other servers from using this folder's database while the block runs.

    Yields:
        The descriptor of the lock, for the server to keep as long as it lives.

    Raises:
        PipelineError: another server is running.
    """
    owner = f"one on port {port} (process {os.getpid()})"
    try:
        with exclusive(PROJECT / ".prefect" / "serve.lock", owner, "cancel", log) as lock_fd:
            yield lock_fd
    except BusyError as error:
        raise PipelineError(
            f"expected no other server that uses the database of this folder, found "
            f"{error.holder}; use that server, or stop it."
        ) from None


def serve(stack: ExitStack, port: int, lock_fd: int, log: Log) -> None:
    """Start everything on the stack, log the UI's address, and run a worker until the server ends.

    Args:
        stack: ends what is started.
        port: of the server, on loopback.
        lock_fd: descriptor of the folder's lock.
        log: called with each line that the programs print.

    Raises:
        PipelineError: the port is taken, the server has ended by itself, or workers end at once.
    """
    _check_free(port)
    url = os.environ["PREFECT_API_URL"]
    server = stack.enter_context(started([*PREFECT, "server", "start"], PROJECT, [lock_fd]))
    pass_on("server", server, log)
    wait_for_server(url, server)
    prepare()
    log(f"Prefect's UI: {url.removesuffix('/api')} (Ctrl-C stops server and worker)")
    work(_POOL, [], lambda: server.poll() is not None, log)
    raise PipelineError(f"the server ended with exit code {server.returncode}.")


def prepare() -> None:
    """Create missing work pools, and make the deployments of ``prefect.yaml`` and the automation.

    Raises:
        PipelineError: the server rejects one of them.
    """
    from pipelines.server import automations  # noqa: PLC0415  # reads the settings of main

    planned = read_deployments(PROJECT / "prefect.yaml")
    for pool in sorted({deployment.work_pool for deployment in planned}):
        make_pool(pool)
    prefect("--no-prompt", "deploy", "--all")
    automations.make(automations.crash_silent_runs())
    automations.expect_heartbeats()


def wait_for_server(url: str, server: "subprocess.Popen[str]") -> None:
    """Wait until the server responds; raise ``PipelineError`` if it ends or takes too long."""
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise PipelineError(f"the server ended with exit code {server.returncode}.")
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", timeout=2).is_success:
                return
        time.sleep(0.5)
    raise PipelineError(
        f"expected the server at {urlsplit(url).netloc} to respond within {_START_TIMEOUT} s, "
        "found no response."
    )


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise PipelineError(
                f"expected port {port} to be free, found it in use; stop the program that uses it, "
                "or choose another port: python -m pipelines serve --port 4201."
            )
