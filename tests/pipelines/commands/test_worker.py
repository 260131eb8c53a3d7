"""The checks before a worker starts, and the creation of its pool."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.pipelines.prefect_server import PYTHON, Prefect
from tests.pipelines.repositories import copy_toy_with_worker, isolated, run
from tests.pipelines.runs import working


def begin(clone: Path, environment: dict[str, str], pool: str = "gpu") -> tuple[int, str]:
    """Start a worker that fails; return its exit code and output."""
    done = subprocess.run(
        [PYTHON, "-m", "pipelines", "worker", pool],
        cwd=clone,
        env=environment | {"PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.count("\n") == 1
    return done.returncode, done.stderr


@pytest.fixture
def environment(prefect: Prefect) -> dict[str, str]:
    return dict(os.environ) | {"PREFECT_API_URL": prefect.url}


def test_missing_server_address_is_reported_with_the_variable_to_set(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    environment.pop("PREFECT_API_URL")
    code, output = begin(worker_clone, environment | {"PREFECT_HOME": str(worker_clone / "home")})
    assert code == 1
    assert output.startswith("error: expected the address of Prefect's server in PREFECT_API_URL")


def test_server_that_does_not_respond_is_reported_in_one_sentence(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    code, output = begin(worker_clone, environment | {"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    assert (code, "found no response from 127.0.0.1:9/api" in output) == (1, True)


def test_worker_does_not_start_without_a_dvc_remote(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    (worker_clone / ".dvc" / "config.local").unlink()
    code, output = begin(worker_clone, environment)
    assert (code, "no remote" in output) == (1, True)


def test_worker_does_not_start_without_a_git_remote(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    run(worker_clone, "git", "remote", "remove", "origin")
    code, output = begin(worker_clone, environment)
    assert (code, output.startswith("error: git ls-remote")) == (1, True)


def test_pool_without_a_deployment_is_rejected(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    code, output = begin(worker_clone, environment, "tpu")
    assert code == 1
    assert output.startswith(
        "error: expected a deployment tpu in prefect.yaml, found run, nightly,"
    )


@pytest.fixture(scope="module")
def working_in_made(
    prefect: Prefect, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[psutil.Process, Path]]:
    """A worker of a pool that the server did not have, and its log; its clone is beside it."""
    root = tmp_path_factory.mktemp("with-worker")
    with isolated(root):
        _, clone = copy_toy_with_worker(root)
        text = (clone / "prefect.yaml").read_text()
        (clone / "prefect.yaml").write_text(text.replace("name: gpu", "name: made"))
        with working(prefect, clone, root, "made") as found:
            yield found


def test_missing_pool_and_deployment_are_created(
    prefect: Prefect, working_in_made: tuple[psutil.Process, Path]
) -> None:
    deployment = httpx.get(f"{prefect.url}/deployments/name/work/made", timeout=30).json()
    assert deployment["work_pool_name"] == "made", working_in_made[1].read_text()


def test_second_worker_of_a_clone_is_rejected_and_names_the_first(
    working_in_made: tuple[psutil.Process, Path], environment: dict[str, str]
) -> None:
    process, log = working_in_made
    code, output = begin(log.parent / "worker", environment, "made")
    assert process.is_running()
    assert code == 1
    assert output == (
        f"error: expected no other worker in this clone, found one of pool made (process "
        f"{process.pid}); stop it, or start this one in another clone.\n"
    )
