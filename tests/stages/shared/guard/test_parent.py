import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.helpers import wait_until

CHILD = (
    "import time; from stages.shared.guard.parent import end_with_parent\n"
    "end_with_parent(); print('ready', flush=True); time.sleep(60)"
)
# What starts the child, with its command as arguments, and prints its number.
DIRECTLY = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); input()"


@pytest.mark.parametrize("between", [[], ["/bin/sh", "-c", '"$0" -c "$1"; true']])
def test_a_process_ends_with_the_one_that_started_it(
    monkeypatch: pytest.MonkeyPatch, between: list[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    command = [sys.executable, CHILD] if between else [sys.executable, "-c", CHILD]
    with subprocess.Popen(
        [sys.executable, "-c", DIRECTLY, *between, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        lines = {parent.stdout.readline() for _ in range(2)}
        (number,) = lines - {"ready\n"}
        started = psutil.Process(int(number))
        children = [started, *started.children()]
        assert "ready\n" in lines
        parent.kill()

    wait_until(lambda: not children[-1].is_running())
