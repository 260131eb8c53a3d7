"""What tests of a flow that submits stages start from."""

import subprocess

import pytest

from tests.helpers import ROOT
from tests.pipelines.prefect_server import PYTHON, Prefect


@pytest.fixture(scope="session")
def pool(prefect: Prefect) -> Prefect:
    """The server with the work pool and the deployment that prefect.yaml has for it."""
    for arguments in (
        ("work-pool", "create", "gpu", "--type", "process", "--overwrite"),
        ("--no-prompt", "deploy", "--name", "gpu"),
    ):
        subprocess.run(
            [PYTHON, "-m", "prefect", *arguments],
            cwd=ROOT,
            env=prefect.environment,
            check=True,
            capture_output=True,
        )
    return prefect
