"""What a run leaves to see and to commit when it had little to do."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.flows.pipeline import too_late
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.promoting import commit_all, promote
from tests.pipelines.repositories import Git, run
from tests.pipelines.runs import FlowRun

Start = Callable[..., FlowRun]
SHOWN = {"stages", "metrics", "report"}


def test_run_with_nothing_to_do_commits_nothing(prefect: Prefect, start: Start, git: Git) -> None:
    identity, _, message = start(ref="main").end()
    assert message == "2 restored, 1 cached; nothing to commit"
    assert git("branch", "--format=%(refname:short)") == "main"
    assert prefect.artifacts(identity).keys() >= SHOWN
    assert "git show " in prefect.artifacts(identity)["report"]


def test_report_of_the_gate_alone_is_not_committed(prefect: Prefect, promotable: Path) -> None:
    promote(promotable)
    # The gate now compares with the version that was promoted.
    commit_all(promotable, "Promoted")
    _, _, message = FlowRun(prefect, promotable, ref="main").end()
    assert message.endswith("; nothing to commit")
    assert run(promotable, "git", "branch", "--list", "runs/*") == ""


def test_run_that_restores_shows_its_metrics_and_their_changes(
    prefect: Prefect, start: Start, set_params: Callable[..., None]
) -> None:
    set_params(epochs=3)
    assert start().end()[2] == "2 ran, 1 cached"
    set_params(epochs=2)
    identity, _, message = start().end()
    assert message == "1 ran, 1 restored, 1 cached"
    assert prefect.artifacts(identity).keys() >= SHOWN


@pytest.mark.parametrize(
    ("seconds", "tries", "late_after", "reason"),
    [
        (7200, 1, 3600, "started 7200 s late; late_after allows 3600 s"),
        (7200, 2, 3600, None),
        (7200, 1, None, None),
        (3600, 1, 3600, None),
    ],
)
def test_run_is_late_only_when_it_is_tried_first(
    seconds: float, tries: int, late_after: float | None, reason: str | None
) -> None:
    assert too_late(dt.timedelta(seconds=seconds), tries, late_after) == reason
