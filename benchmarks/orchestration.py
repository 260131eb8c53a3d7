"""Compare the time of the flow, with a running server, to ``dvc repro``: cold and up to date.

Each has its own clone with a cold cache for the cold run. Then both take turns in one of the clones
with nothing to do.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.clone import fresh_clone, repro, timed
from benchmarks.results import record
from pipelines.server.server import wait_for_server

ROUNDS = 7
FLOW = (sys.executable, "-m", "pipelines", "flow")


def main() -> None:
    """Measure, print and save the figures."""
    with server(), fresh_clone() as clone, fresh_clone() as other:
        for folder in (clone, other):
            # Without the last record, DVC cannot skip stages that lead to the same bytes.
            (folder / "dvc.lock").unlink()
        cold_repro = repro(other)
        cold_flow = timed(FLOW, clone)
        turns = [(timed(FLOW, clone), repro(clone)) for _ in range(ROUNDS)]

    flows, repros = zip(*turns, strict=True)
    figures = {
        "cold_flow_over_cold_repro": round(cold_flow / cold_repro, 2),
        "noop_flow_over_noop_repro": round(
            statistics.median(flow / alone for flow, alone in turns), 2
        ),
        "cold_flow_seconds": round(cold_flow, 1),
        "noop_flow_seconds": round(statistics.median(flows), 1),
        "noop_repro_seconds": round(statistics.median(repros), 1),
        "rounds": ROUNDS,
    }
    for name, value in figures.items():
        print(f"{name:26} {value}")
    record("orchestration", figures)


@contextmanager
def server() -> Iterator[None]:
    """Run a Prefect server with an empty database, and configure all clients to use it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {
            "PREFECT_HOME": home,
            "PREFECT_API_URL": url,
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "prefect", "server", "start"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True) as process:
            try:
                wait_for_server(url, process)
                yield
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
