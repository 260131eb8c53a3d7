"""Server, worker and deployments together, as `make serve` starts them, on the toy pipeline."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.helpers import free_port, wait_until
from tests.pipelines.prefect_server import PYTHON, Prefect
from tests.pipelines.repositories import add_flows, copy_toy, run

_yaml = YAML()


def make_project(folder: Path, nightly: str) -> Path:
    """Make the toy with this project's flow, whose nightly run comes when this cron says."""
    toy = copy_toy(folder)
    add_flows(toy)
    content = _yaml.load(toy / "prefect.yaml")
    content["deployments"][1]["schedules"][0]["cron"] = nightly
    _yaml.dump(content, toy / "prefect.yaml")
    run(toy, "git", "add", "--all")
    run(toy, "git", "commit", "--quiet", "-m", "Have a flow")
    return toy


@contextmanager
def serving(
    project: Path, log: Path, **options: Any
) -> Iterator[tuple[subprocess.Popen[str], Prefect]]:
    """Serve in a project while the block runs, with a log that begins empty."""
    port = free_port()
    prefect = Prefect(port, project / ".prefect")
    own = ("GIT_", "DVC_")
    environment = prefect.environment | {
        "PYTHONPATH": str(project),
        **{name: value for name, value in os.environ.items() if name.startswith(own)},
    }
    with (
        log.open("w") as output,
        subprocess.Popen(
            [PYTHON, "-m", "pipelines", "serve", "--port", str(port)],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        ) as process,
    ):
        try:
            wait_until(lambda: "Prefect's UI: " in log.read_text() or process.poll())
            assert process.poll() is None, log.read_text()
            yield process, prefect
        finally:
            process.kill()
