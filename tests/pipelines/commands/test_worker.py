"""What a worker says before it works; what it then does is in test_work.py."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.pipelines.prefect_server import PYTHON, Prefect
from tests.pipelines.repositories import run
from tests.pipelines.runs import working


def begin(clone: Path, environment: dict[str, str], pool: str = "gpu") -> tuple[int, str]:
    """Start a worker that refuses; give its exit code and what it says."""
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


def test_without_a_server_it_is_told_what_to_set(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    environment.pop("PREFECT_API_URL")
    code, said = begin(worker_clone, environment | {"PREFECT_HOME": str(worker_clone / "home")})
    assert code == 1
    assert said.startswith("error: expected the address of Prefect's server in PREFECT_API_URL")


def test_server_that_does_not_answer_is_a_sentence(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    code, said = begin(worker_clone, environment | {"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    assert (code, "Expected a server at 127.0.0.1:9" in said) == (1, True)


def test_without_a_remote_of_dvc_it_does_not_begin(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    run(worker_clone, "dvc", "remote", "remove", "--quiet", "--local", "store")
    code, said = begin(worker_clone, environment)
    assert (code, "no remote" in said) == (1, True)


def test_without_a_remote_of_git_it_does_not_begin(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    run(worker_clone, "git", "remote", "remove", "origin")
    code, said = begin(worker_clone, environment)
    assert (code, said.startswith("error: git ls-remote")) == (1, True)


def test_pool_that_nothing_is_deployed_for_is_refused(
    worker_clone: Path, environment: dict[str, str]
) -> None:
    code, said = begin(worker_clone, environment, "tpu")
    assert code == 1
    assert said.startswith("error: expected a deployment tpu in prefect.yaml, found run, nightly,")


def test_second_worker_of_a_clone_is_refused_by_the_name_of_the_first(
    prefect: Prefect, worker_clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with working(prefect, worker_clone, tmp_path) as (process, _):
        code, said = begin(worker_clone, environment)
        assert process.is_running()
    assert code == 1
    assert said == (
        f"error: expected no other worker in this clone, found one of pool gpu (process "
        f"{process.pid}); stop it, or start this one in another clone.\n"
    )


def test_what_the_server_lacks_is_made(
    prefect: Prefect, worker_clone: Path, tmp_path: Path
) -> None:
    text = (worker_clone / "prefect.yaml").read_text()
    (worker_clone / "prefect.yaml").write_text(text.replace("name: gpu", "name: made"))
    with working(prefect, worker_clone, tmp_path, "made") as (_, log):
        deployment = httpx.get(f"{prefect.url}/deployments/name/work/made", timeout=30).json()
        assert deployment["work_pool_name"] == "made", log.read_text()
        assert deployment["concurrency_limit"] is None
