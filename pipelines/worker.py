"""A worker of a pool, in the foreground: ``python -m pipelines.worker POOL``."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipelines import PROJECT
from pipelines.checkout import Repository, git
from pipelines.delegation.exchange import REMOTE
from pipelines.deployments import read_deployments
from pipelines.errors import PipelineError
from pipelines.lock import BusyError, exclusive
from pipelines.process import run, started
from pipelines.storage import remote
from pipelines.storage.budget import BUDGET

CLONE = "PIPELINE_CLONE"
"""The variable by which prefect.yaml knows a worker's folder."""
PREFECT = (sys.executable, "-m", "prefect")
# Seconds within which a worker that ends has never worked.
_TOO_SOON = 20


def main(
    pool: str,
    cache_gigabytes: Annotated[float, typer.Option(min=0.1)] = 20,
) -> None:
    """Run the stages that are handed to a pool, one at a time, until Ctrl-C or SIGTERM.

    Args:
        pool: as a stage's meta in dvc.yaml names it.
        cache_gigabytes: that DVC's cache may have here; what was used least recently goes first.
    """
    interrupt_by_either_signal()
    try:
        check_meeting_places(PROJECT)
        with alone(pool) as lock:
            prepare(pool)
            os.environ |= {CLONE: str(PROJECT), BUDGET: str(cache_gigabytes)}
            typer.echo(f"at work for the pool {pool} (Ctrl-C ends it)")
            work(pool, ["--limit", "1"], until=lambda: False, held=[lock])
    except KeyboardInterrupt:
        typer.echo("ended: the worker")
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


def interrupt_by_either_signal() -> None:
    """Let SIGTERM do what Ctrl-C does, and let both do it in the background too."""
    # A script that starts this in the background has SIGINT ignored, which would be handed on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


@contextmanager
def alone(pool: str) -> Iterator[int]:
    """Keep other workers from this clone while the block runs.

    One of two would take up stages that it has to wait with, while others are free for them.

    Yields:
        The descriptor of the lock, for the worker to keep as long as it lives.

    Raises:
        PipelineError: another one is at work.
    """
    owner = f"one of pool {pool} (process {os.getpid()})"
    try:
        state = Repository(PROJECT).state
        with exclusive(state / "worker", owner, "cancel", typer.echo) as lock:
            yield lock
    except BusyError as error:
        raise PipelineError(
            f"expected no other worker of this clone, found {error.holder}; end it, or start this "
            "one in a clone of its own."
        ) from None


def check_meeting_places(folder: Path) -> None:
    """Check what worker and callers meet by: the remotes of Git and DVC, and Prefect's server.

    Raises:
        PipelineError: one of them is not set, or does not answer.
    """
    # They read the settings of main, and take a second.
    from prefect.settings import get_current_settings  # noqa: PLC0415

    from pipelines.checks.server import reachable  # noqa: PLC0415

    git(folder, "ls-remote", "--quiet", REMOTE, "HEAD")
    remote.reach(folder)
    url = get_current_settings().api.url
    if not url:
        raise PipelineError(
            "expected the address of Prefect's server in PREFECT_API_URL, found none; set it: "
            "export PREFECT_API_URL=http://HOST:4200/api."
        )
    if (server := reachable(url)).state != "ok":
        raise PipelineError(server.finding)


def prepare(pool: str) -> None:
    """Make the pool and its deployment where the server lacks them; leave them alone otherwise.

    Raises:
        PipelineError: ``prefect.yaml`` has no deployment of that name, or the server refuses.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    planned = [entry.name for entry in read_deployments(PROJECT / "prefect.yaml")]
    if pool not in planned:
        raise PipelineError(
            f"expected a deployment {pool} in prefect.yaml, found {', '.join(planned)}; add one "
            "like gpu, and commit it."
        )
    with get_client(sync_client=True) as client:
        for look, arguments in (
            (partial(client.read_work_pool, pool), ("work-pool", "create", pool, "--type=process")),
            (
                partial(client.read_deployment_by_name, f"work/{pool}"),
                ("--no-prompt", "deploy", "--name", pool),
            ),
        ):
            try:
                look()
            except ObjectNotFound:
                prefect(*arguments)


def prefect(*arguments: str) -> None:
    """Run a command of Prefect's; ``PipelineError`` with what it said if it fails."""
    lines: list[str] = []
    # What it writes into a deployment is each worker's own.
    os.environ.pop(CLONE, None)
    if run([*PREFECT, *arguments], PROJECT, lines.append):
        raise PipelineError("\n".join([f"prefect {' '.join(arguments)} failed:", *lines[-10:]]))


def work(
    pool: str, options: Sequence[str], until: Callable[[], bool], held: Sequence[int] = ()
) -> None:
    """Have a worker of a pool until something is so; another takes the place of one that ends.

    With a worker end the runs that it had.

    Args:
        pool: of processes.
        options: of ``prefect worker start``.
        until: is asked every second.
        held: descriptors of files that the worker keeps locked as long as it lives.

    Raises:
        PipelineError: the worker has ended so soon that another would fare no better.
    """
    command = [*PREFECT, "worker", "start", "--pool", pool, "--type", "process", *options]
    while not until():
        begin = time.monotonic()
        with started(command, PROJECT, held) as worker:
            tell("worker", worker)
            while not until() and worker.poll() is None:
                time.sleep(1)
        if until():
            return
        said = f"the worker has ended with code {worker.returncode}"
        if time.monotonic() - begin < _TOO_SOON:
            raise PipelineError(f"{said}, as soon as it had begun.")
        typer.echo(f"{said}; another takes its place")


def tell(name: str, process: "subprocess.Popen[str]") -> None:
    """Pass on what the process says, each line under its name."""

    def pass_on() -> None:
        for line in process.stdout or ():
            if line.strip():
                typer.echo(f"{name} | {line.rstrip()}")

    threading.Thread(target=pass_on, daemon=True).start()


if __name__ == "__main__":
    typer.run(main)
