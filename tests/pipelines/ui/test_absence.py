"""A server that is gone in the middle of a run."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers import PATIENCE, free_port, wait_until
from tests.pipelines.prefect_server import PYTHON, Prefect, copy_home, running
from tests.pipelines.runs import FlowRun, process_of_stage

pytestmark = pytest.mark.slow

# A stage that prints its second epoch and ends only when the test creates a file for each.
STEERED = """
import json
import os
import time
from pathlib import Path


def report(epoch):
    with open(os.environ["PROGRESS_FILE"], "a") as file:
        file.write(json.dumps({"done": epoch, "total": 3, "unit": "epoch"}) + "\\n")
    print("epoch", epoch, flush=True)


def wait_for(name):
    while not Path("..", name).exists():
        time.sleep(0.05)


report(1)
wait_for("gone")
report(2)
wait_for("back")
report(3)
Path("model.txt").write_text("steered\\n")
Path("reports", "metrics.json").write_text("{}")
"""


def test_training_survives_a_server_outage_and_the_run_reports_it(
    tmp_path: Path, toy: Path, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By default Prefect's client tries again for a minute before it gives up.
    monkeypatch.setenv("PREFECT_CLIENT_MAX_RETRIES", "0")
    (toy / "train.py").write_text(STEERED)
    (toy / "dvc.yaml").write_text((toy / "dvc.yaml").read_text().replace("60", "600"))
    copy_home(prefect_home, tmp_path / "prefect")
    server = Prefect(free_port(), tmp_path / "prefect")
    with running(server) as process:
        run = FlowRun(server, toy)
        (begun,) = wait_until(lambda: server.runs(state="Running"))
        wait_until(lambda: server.artifacts(begun["id"]).get("train-progress"))
        process.kill()
        process.wait()
    (tmp_path / "gone").touch()
    # The terminal shows it at once.
    wait_until(lambda: "Prefect's server did not accept a request" in run.log.read_text())
    with running(server):
        (tmp_path / "back").touch()
        identity, name, message = run.end()
        found = server.runs(id=identity)[0]
    assert (name, found["state_name"]) == ("Completed", "Completed")
    # The server's log has lost the lines of that time; the state has the summary.
    assert found["state"]["message"] == message
    assert message.startswith(
        "2 ran, 1 cached; Prefect's server did not accept 1 of its requests, "
    )
    assert "ConnectError" in message
    assert (toy / "reports" / "index.html").read_text() == "steered\n"


def test_run_ends_with_a_sentence_when_the_server_stays_away(
    tmp_path: Path, toy: Path, prefect_home: Path
) -> None:
    (toy / "params.yaml").write_text("recipe: fast\nepochs: 3\nseconds: 1\nfail: false\n")
    copy_home(prefect_home, tmp_path / "prefect")
    server = Prefect(free_port(), tmp_path / "prefect")
    own = {name: value for name, value in os.environ.items() if name.startswith(("GIT_", "DVC_"))}
    with (
        running(server) as process,
        subprocess.Popen(
            [PYTHON, "-m", "pipelines", "flow"],
            cwd=toy,
            env=server.environment | own | {"PREFECT_CLIENT_MAX_RETRIES": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as flow,
    ):
        process_of_stage(toy)
        process.kill()
        _, err = flow.communicate(timeout=PATIENCE)
    assert flow.returncode == 1
    (sentence,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert sentence.startswith("error: expected Prefect's server to accept the end of the run")
    # The stages did their work.
    assert (toy / "reports" / "index.html").read_text() == "fast 3 one\n"
