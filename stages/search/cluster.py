"""Score the trials of a search on a Dask cluster."""

import asyncio
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from distributed import CancelledError, Client, Future, Nanny, Scheduler, SpecCluster, rpc, wait
from distributed.scheduler import KilledWorker
from distributed.security import Security

from stages.model.device import visible_gpus
from stages.params.machine import Machine
from stages.search import worker
from stages.search.trials import Score, Study, Trial
from stages.shared.errors import UserError

RESOURCE = "trial"
"""What a worker must offer: one, so that its machine trains one network at a time."""
# Only Python itself finds the project in the working directory; the command `dask` does not.
_DASK = "python -m dask"
_LOOPBACK = "127.0.0.1"
# Even without its pages, Dask starts an HTTP server, by default for all networks.
_DASHBOARD = {"dashboard": False, "dashboard_address": f"{_LOOPBACK}:0"}
# Seconds to wait for a scheduler that does not answer, and for a worker if there is none.
_CONNECT = 10
_PATIENCE = 60
# Seconds between two looks at whether there are workers.
_INTERVAL = 5


class ClusterError(UserError):
    """The cluster cannot score the trials."""


def scores_on(
    cluster: str, study: Study, trials: Mapping[str, Trial], patience: float = _PATIENCE
) -> Iterator[tuple[str, Score]]:
    """Score trials, each on a worker that is free; a trial whose worker dies goes to another one.

    Args:
        cluster: ``local`` for processes on this machine, as many as its cores or its GPUs suffice
            for, or the address of a Dask scheduler.
        study: what all trials have in common.
        trials: what to train, by its ``content``.
        patience: seconds to wait for a worker when there is none.

    Yields:
        The content of a trial and its score, as each is known.

    Raises:
        ClusterError: the scheduler or its workers cannot be reached, or cannot score a trial.
    """
    with connected(cluster, study.machine) as client:
        contents = {
            client.submit(
                worker.score_here, study, trial, content, resources={RESOURCE: 1}, pure=False
            ): content
            for content, trial in trials.items()
        }
        for future in _finished(client, list(contents), patience):
            yield contents[future], _score_of(future)


@contextmanager
def connected(cluster: str, machine: Machine) -> Iterator[Client]:
    """Start a cluster if it is local, and connect to it."""
    with ExitStack() as stack:
        address: Any = cluster
        if cluster == "local":
            address = stack.enter_context(_local(machine))
        else:
            _check_scheduler(cluster)
        yield stack.enter_context(Client(address))


def _check_scheduler(address: str) -> None:
    """Ask a scheduler for its workers, since a client would wait for another server forever."""

    async def ask() -> None:
        security = Security().get_connection_args("client")
        async with rpc(address, connection_args=security, timeout=_CONNECT) as scheduler:
            await scheduler.identity()

    try:
        asyncio.run(asyncio.wait_for(ask(), _CONNECT))
    except TypeError:
        raise ClusterError(
            f"search.cluster: expected Dask's settings for TLS, to connect to {address}, found "
            "none; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and those of the client."
        ) from None
    except (OSError, ValueError):
        raise ClusterError(
            f"search.cluster: expected a Dask scheduler at {address}, found none that answers; "
            f"start it at the top of a clone with `{_DASK} scheduler`, or correct the address."
        ) from None


def _local(machine: Machine) -> SpecCluster:
    scheduler = {"cls": Scheduler, "options": {"host": _LOOPBACK, "port": 0, **_DASHBOARD}}
    return SpecCluster(_workers(machine), scheduler, silence_logs=logging.WARNING)


def _workers(machine: Machine) -> dict[int, dict[str, Any]]:
    """Describe the processes for this machine: one for each GPU, or for each group of cores."""
    gpus = [] if machine.device == "cpu" else visible_gpus()
    count = len(gpus) or max(1, len(os.sched_getaffinity(0)) // machine.threads)
    return {
        number: {
            "cls": Nanny,
            "options": {
                "host": _LOOPBACK,
                "preload": [worker.__name__],
                "silence_logs": logging.WARNING,
                "nthreads": 1,
                "resources": {RESOURCE: 1},
                # A training takes the memory that it needs, as without a cluster.
                "memory_limit": 0,
                **_DASHBOARD,
                "env": {"CUDA_VISIBLE_DEVICES": gpus[number]} if gpus else {},
            },
        }
        for number in range(count)
    }


def _finished(
    client: Client, futures: list[Future[Any]], patience: float
) -> Iterator["Future[Any]"]:
    """Yield each task when it is finished.

    Raises:
        ClusterError: the scheduler has gone, or there is no worker for longer than the patience.
    """
    seen = time.monotonic()
    while futures:
        try:
            done = wait(futures, timeout=_INTERVAL, return_when="FIRST_COMPLETED").done
        except CancelledError:
            raise ClusterError(
                "search.cluster: expected the Dask scheduler to stay, found that it has gone; "
                "start it again, and run the search again: it continues with the trials that are "
                "left."
            ) from None
        except TimeoutError:
            if _has_worker(client):
                seen = time.monotonic()
            elif time.monotonic() - seen > patience:
                address = client.scheduler_info()["address"]
                raise ClusterError(
                    "search.cluster: expected a worker that takes trials, found none for "
                    f"{patience:.0f} s; start one at the top of a clone of this commit: {_DASK} "
                    f"worker {address} --nthreads 1 --resources {RESOURCE}=1"
                ) from None
            continue
        yield from done
        futures = [future for future in futures if future not in done]


def _has_worker(client: Client) -> bool:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return any(one["resources"].get(RESOURCE) for one in workers)


def _score_of(future: Future[Any]) -> Score:
    try:
        found = future.result()
    except KilledWorker as error:
        raise ClusterError(
            f"search.cluster: expected a trial to end, found that {error.last_worker.address} and "
            "other workers died in it, as they do without enough memory; read their logs, then run "
            "the search again: it continues with the trials that are left."
        ) from None
    # Dask's own errors for what it cannot import.
    except (ImportError, RuntimeError) as error:
        raise ClusterError(
            "search.cluster: expected a scheduler and workers that can import this project, found: "
            f"{str(error).splitlines()[0]}; start each of them at the top of a clone, with "
            f"`{_DASK} scheduler` and `{_DASK} worker`."
        ) from None
    if isinstance(found, str):
        raise ClusterError(f"search.cluster: {found}")
    return Score(**found)
