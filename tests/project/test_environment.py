"""The locked environment is one in which everything that the project needs works."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import requests

from tests.helpers import free_port

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-gpu.lock"]


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.mark.slow
def test_the_prefect_server_starts(tmp_path: Path) -> None:
    port = free_port()
    environment = os.environ | {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    command = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            deadline = time.monotonic() + 180
            while not (healthy := answers(f"http://127.0.0.1:{port}/api/health")):
                if server.poll() is not None or time.monotonic() > deadline:
                    break
                time.sleep(0.2)
        finally:
            server.terminate()

    assert healthy, (tmp_path / "log").read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes_and_from_no_named_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = re.split(r"\n(?=\S)", text.partition("make lock\n")[2].strip())

    assert len(packages) > 100
    for package in packages:
        assert re.match(r"[a-z0-9-]+(\[[a-z,-]+\])?==\S+", package)
        assert "--hash=sha256:" in package
    assert "://" not in text


def test_the_gpu_extra_changes_no_version() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / lock).read_text(), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-gpu.lock")
    assert any(pin.startswith("nvidia-cudnn") for pin in pins("requirements-gpu.lock"))
