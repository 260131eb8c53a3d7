"""The checks before a worker starts, and the creation of its pool."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.pipelines.prefect_server import PYTHON, Prefect
from tests.pipelines.repositories import run
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
    assert (code, "Expected a Prefect server at 127.0.0.1:9" in output) == (1, True)


def test_worker_does_not_start_without_a_dvc_remote(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    run(worker_clone, "dvc", "remote", "remove", "--quiet", "--local", "store")
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


def test_second_worker_of_a_clone_is_rejected_and_names_the_first(
    prefect: Prefect, worker_clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with working(prefect, worker_clone, tmp_path) as (process, _):
        code, output = begin(worker_clone, environment)
        assert process.is_running()
    assert code == 1
    assert output == (
        f"error: expected no other worker in this clone, found one of pool gpu (process "
        f"{process.pid}); stop it, or start this one in another clone.\n"
    )


def test_missing_pool_and_deployment_are_created(
    prefect: Prefect, worker_clone: Path, tmp_path: Path
) -> None:
    text = (worker_clone / "prefect.yaml").read_text()
    (worker_clone / "prefect.yaml").write_text(text.replace("name: gpu", "name: made"))
    with working(prefect, worker_clone, tmp_path, "made") as (_, log):
        deployment = httpx.get(f"{prefect.url}/deployments/name/work/made", timeout=30).json()
        assert deployment["work_pool_name"] == "made", log.read_text()
        assert deployment["concurrency_limit"] is None
