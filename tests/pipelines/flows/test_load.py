"""Many runs that start at the same time in one repository."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import LONG
from tests.pipelines.runs import FlowRun, working_process

pytestmark = pytest.mark.slow

Start = Callable[..., FlowRun]
SetParams = Callable[..., None]

COUNT = 20 if LONG else 5


def test_runs_that_start_at_once_take_turns(start: Start, set_params: SetParams, toy: Path) -> None:
    set_params(epochs=3)
    ends = [run.end() for run in [start() for _ in range(COUNT)]]
    assert Counter(name for _, name, _ in ends) == {"Completed": COUNT}
    assert Counter(message for *_, message in ends) == {"2 ran, 1 cached": 1, "3 cached": COUNT - 1}
    assert (toy / "model.txt").read_text() == "fast 3 one\n"


def test_runs_that_may_not_wait_are_cancelled_and_name_the_one_at_work(
    start: Start, set_params: SetParams, toy: Path
) -> None:
    (toy / "dvc.yaml").write_text((toy / "dvc.yaml").read_text().replace("60", "6000"))
    set_params(epochs=3, seconds=1000)
    working_process(start())
    ends = [run.end() for run in [start(when_busy="cancel") for _ in range(COUNT)]]
    assert Counter(name for _, name, _ in ends) == {"Cancelled": COUNT}
    assert all("found the run 'fast at working copy' (" in message for *_, message in ends)
