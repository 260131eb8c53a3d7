"""A server that is gone in the middle of a run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.runs import FlowRun
from tests.pipelines.server import Prefect, free_port, running, wait_until

pytestmark = pytest.mark.slow


def test_training_outlives_a_server_that_is_gone_for_a_while(
    tmp_path: Path, toy: Path, set_params: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # By default it tries again for a minute, which is longer than this training.
    monkeypatch.setenv("PREFECT_CLIENT_MAX_RETRIES", "0")
    server = Prefect(free_port(), tmp_path / "prefect")
    set_params(seconds=3, epochs=17)
    with running(server) as process:
        run = FlowRun(server, toy)
        (found,) = wait_until(60, lambda: server.runs(state="Running"))
        wait_until(60, lambda: any("epoch 1/17" in line for line in server.logs(found["id"])))
        process.kill()
        process.wait()
    with running(server):
        assert run.end()[1:] == ("Completed", "2 ran, 1 cached")
        assert server.runs(id=found["id"])[0]["state_name"] == "Completed"
        warnings = [line for line in server.logs(found["id"]) if "did not take a record" in line]
    assert warnings
    assert (toy / "reports" / "index.html").read_text() == "fast 17 one\n"
