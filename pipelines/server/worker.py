"""Run a worker of a pool."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

from pipelines import PROJECT
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.server.deployments import read_deployments
from pipelines.server.process import PREFECT, Log, pass_on, prefect
from pipelines.system.lock import BusyError, exclusive
from pipelines.system.process import started

# A worker that ends within this many seconds is not restarted.
_TOO_SOON = 20


@contextmanager
def only_worker(pool: str, log: Log) -> Iterator[int]:
    """Keep other workers from using this clone while the block runs.

    A second worker would take stages and then wait for the lock, although other workers are free.

    Yields:
        The descriptor of the lock, for the worker to keep as long as it lives.

    Raises:
        PipelineError: another worker is running.
    """
    owner = f"one of pool {pool} (process {os.getpid()})"
    try:
        state = Repository(PROJECT).state
        with exclusive(state / "worker", owner, "cancel", log) as lock_fd:
            yield lock_fd
    except BusyError as error:
        raise PipelineError(
            f"expected no other worker in this clone, found {error.holder}; stop it, or start this "
            "one in another clone."
        ) from None


def prepare(pool: str) -> None:
    """Create the pool and its deployment if the server lacks them; leave existing ones unchanged.

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
    make_pool(pool)
    with get_client(sync_client=True) as client:
        try:
            client.read_deployment_by_name(f"work/{pool}")
        except ObjectNotFound:
            prefect("--no-prompt", "deploy", "--name", pool)


def make_pool(name: str) -> None:
    """Create a work pool if the server lacks it.

    An existing one stays as its user configured it.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import WorkPoolCreate  # noqa: PLC0415
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound  # noqa: PLC0415
    from prefect.workers.process import ProcessWorker  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            # Another command may have created it in between.
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(
                    WorkPoolCreate(name=name, type=ProcessWorker.type, base_job_template=template)
                )


def work(
    pool: str,
    options: Sequence[str],
    until: Callable[[], bool],
    log: Log,
    locks: Sequence[int] = (),
) -> None:
    """Run a worker of a pool until a condition is true, and replace a worker that ends.

    When a worker ends, so do its runs.

    Args:
        pool: a pool of type process.
        options: of ``prefect worker start``.
        until: the condition, checked every second.
        log: called with each line that the worker prints.
        locks: descriptors of files that the worker keeps locked as long as it lives.

    Raises:
        PipelineError: the worker ended so soon that a replacement would end as well.
    """
    command = [*PREFECT, "worker", "start", "--pool", pool, "--type", "process", *options]
    while not until():
        begin = time.monotonic()
        # Prefect uses one folder in /tmp for the workers of all users, and killed runs leave files.
        with (
            TemporaryDirectory(prefix="worker-", ignore_cleanup_errors=True) as temporary,
            started(command, PROJECT, locks, {"TMPDIR": temporary}) as worker,
        ):
            pass_on("worker", worker, log)
            while not until() and worker.poll() is None:
                time.sleep(1)
        if until():
            return
        message = f"the worker ended with exit code {worker.returncode}"
        if time.monotonic() - begin < _TOO_SOON:
            raise PipelineError(f"{message}, right after its start.")
        log(f"{message}; starting another")
