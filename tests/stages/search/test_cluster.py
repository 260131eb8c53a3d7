"""Tests with a real Dask scheduler and real workers, on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client

from stages import tune
from stages.params.recipe import Recipe
from stages.search import cluster as dask_cluster
from stages.search.cluster import RESOURCE, ClusterError, scores_on
from stages.search.cross_validation import content
from stages.search.trials import Study, Trial
from tests.helpers import PATIENCE, ROOT, wait_until

pytestmark = pytest.mark.slow

Edit = Callable[[Path, str, Any], None]


class Cluster:
    """A scheduler and its workers, which have no nanny to start a killed one again."""

    def __init__(self, folder: Path, working: Path = ROOT, **environment: str) -> None:
        self._folder, self._working = folder, working
        self._environment = os.environ | environment
        self._file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--port", "0")
        wait_until(self._file.exists)
        self.address: str = json.loads(self._file.read_text())["address"]

    def add_workers(self, count: int, *options: str) -> None:
        """Start workers, and wait until the scheduler knows them."""
        for _ in range(count):
            self._start("worker", "--nthreads", "1", "--no-nanny", *options)
        with self.client() as client:
            client.wait_for_workers(len(self.processes) - 1)

    def client(self) -> Client:
        return Client(self.address, set_as_default=False)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def _start(self, *command: str) -> None:
        common = ("--no-dashboard", "--host", "127.0.0.1", "--scheduler-file", str(self._file))
        with (self._folder / "cluster.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *command, *common],
                    cwd=self._working,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                )
            )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    started = Cluster(tmp_path)
    yield started
    started.close()


@pytest.fixture
def trial(recipe: Recipe) -> Trial:
    return Trial(recipe, 0)


@pytest.fixture
def search(
    small_params: Path, small_arrays: Path, small_search: Path, tmp_path: Path, edit: Edit
) -> Callable[[str], list[bytes]]:
    """Run the stage ``tune`` from scratch on a cluster; give the bytes of its outputs."""

    def run(where: str) -> list[bytes]:
        edit(small_search, "search.cluster", where)
        folder = tmp_path / where.replace("/", "")
        made = {kind: folder / kind for kind in ("table", "picture", "best")}
        tune.main(
            params=small_params,
            search=small_search,
            arrays=small_arrays,
            scores=folder / "scores",
            **made,
        )
        return [path.read_bytes() for path in made.values()]

    return run


def kill_one(cluster: Cluster) -> None:
    """Kill a worker that has a trial."""
    with cluster.client() as client:
        busy = wait_until(
            lambda: [worker for worker, tasks in client.processing().items() if tasks]
        )
        process = client.run(os.getpid, workers=busy[:1])[busy[0]]
        os.kill(process, signal.SIGKILL)


def listens_at(process: psutil.Process) -> set[str]:
    """Give the addresses of the sockets on which a process waits for others."""
    return {
        socket.laddr.ip
        for socket in process.net_connections()
        if socket.status == psutil.CONN_LISTEN
    }


def test_a_search_on_three_workers_of_which_one_dies_gives_the_bytes_of_one_without_a_cluster(
    cluster: Cluster, search: Callable[[str], list[bytes]]
) -> None:
    cluster.add_workers(3, "--resources", f"{RESOURCE}=1")
    killer = threading.Thread(target=lambda: kill_one(cluster))
    killer.start()

    found = search(cluster.address)

    killer.join()
    with cluster.client() as client:
        assert len(client.scheduler_info(n_workers=-1)["workers"]) == 2
    assert found == search("none")


def test_processes_of_this_machine_give_the_bytes_of_one_process(
    search: Callable[[str], list[bytes]],
) -> None:
    assert search("local") == search("none")


def test_a_worker_of_other_data_is_refused(cluster: Cluster, study: Study, trial: Trial) -> None:
    cluster.add_workers(1, "--resources", f"{RESOURCE}=1")

    with pytest.raises(ClusterError, match="check out the same commit"):
        list(scores_on(cluster.address, study, {"another content": trial}))

    assert not study.scores.exists()


def test_a_search_that_no_worker_takes_ends_with_the_command_that_starts_one(
    cluster: Cluster, study: Study, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "_INTERVAL", 0.2)
    # It does not offer the resource.
    cluster.add_workers(1)

    with pytest.raises(
        ClusterError, match=f"python -m dask worker {cluster.address} .* {RESOURCE}=1"
    ):
        list(scores_on(cluster.address, study, {content(study, trial): trial}, patience=1))


def test_a_cluster_that_was_not_started_in_a_clone_is_named(
    tmp_path: Path, study: Study, trial: Trial
) -> None:
    (tmp_path / "elsewhere").mkdir()
    cluster = Cluster(tmp_path, working=tmp_path / "elsewhere", PYTHONPATH="")
    try:
        cluster.add_workers(1, "--resources", f"{RESOURCE}=1")
        with pytest.raises(ClusterError, match="start each of them at the top of a clone"):
            list(scores_on(cluster.address, study, {"content": trial}))
    finally:
        cluster.close()


def test_a_trial_in_which_worker_after_worker_dies_ends_the_search(
    tmp_path: Path, study: Study, trial: Trial
) -> None:
    cluster = Cluster(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    try:
        cluster.add_workers(1, "--resources", f"{RESOURCE}=1")
        killer = threading.Thread(target=lambda: kill_one(cluster))
        killer.start()
        with pytest.raises(ClusterError, match="other workers died in it"):
            list(scores_on(cluster.address, study, {content(study, trial): trial}))
        killer.join()
    finally:
        cluster.close()


def test_what_is_started_on_this_machine_listens_on_loopback_and_ends(
    study: Study,
) -> None:
    others = set(psutil.Process().children(recursive=True))
    with dask_cluster.connected("local", study.machine) as client:
        client.wait_for_workers(1)
        processes = set(psutil.Process().children(recursive=True)) - others
        workers = [process for process in processes if listens_at(process)]
        assert workers
        for process in [psutil.Process(), *workers]:
            assert listens_at(process) == {"127.0.0.1"}

    _, alive = psutil.wait_procs(workers, PATIENCE)
    assert not alive


def test_a_scheduler_that_dies_ends_the_search(
    cluster: Cluster, study: Study, trial: Trial
) -> None:
    killer = threading.Timer(1, cluster.processes[0].kill)
    killer.start()

    with pytest.raises(ClusterError, match="found that it has gone"):
        list(scores_on(cluster.address, study, {content(study, trial): trial}))


def test_what_is_no_scheduler_is_named(
    study: Study, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "_CONNECT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (1, silent.getsockname()[1]):
            address = f"tcp://127.0.0.1:{port}"

            with pytest.raises(ClusterError, match=f"{address}, found none that answers"):
                list(scores_on(address, study, {"content": trial}))


def test_an_address_for_tls_needs_the_settings_of_dask(study: Study, trial: Trial) -> None:
    with pytest.raises(ClusterError, match="expected Dask's settings for TLS"):
        list(scores_on("tls://127.0.0.1:1", study, {"content": trial}))
