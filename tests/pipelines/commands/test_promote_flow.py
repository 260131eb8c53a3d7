"""Promotions at the end of a run."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.prefect_server import Prefect
from tests.pipelines.promoting import (
    holder,
    promote,
    rollback,
)
from tests.pipelines.repositories import run
from tests.pipelines.runs import FlowRun


@pytest.mark.slow
def test_run_promotes_a_model_once_and_not_again_after_a_rollback(
    prefect: Prefect, promotable: Path
) -> None:
    run_of_40: dict[str, Any] = {"ref": "main", "promote": True, "set_param": ["wrong=40"]}
    promote(promotable)
    _, _, message = FlowRun(prefect, promotable, **run_of_40).end()
    assert "v1.1.0 (" in message
    for _ in range(2):
        _, name, message = FlowRun(prefect, promotable, **run_of_40).end()
        assert (name, message.endswith("has the stage production already.")) == ("Completed", True)
    assert run(promotable, "git", "branch", "--list", "runs/*").count("runs/") == 1

    rollback(promotable, "production")
    _, _, message = FlowRun(prefect, promotable, **run_of_40).end()
    assert (
        "nothing is promoted, because these are the results of v1.1.0, which no longer" in message
    )
    assert holder(promotable) == "v1.0.0"
    name = message.rpartition("pipelines promote ")[2]
    assert promote(promotable, name)[0] == 0
    assert holder(promotable) == "v1.1.0"


@pytest.mark.slow
def test_run_of_a_commit_that_is_up_to_date_promotes_it(prefect: Prefect, promotable: Path) -> None:
    _, _, message = FlowRun(prefect, promotable, ref="main", promote=True).end()
    assert "nothing to commit; v1.0.0 (" in message
    assert holder(promotable) == "v1.0.0"


@pytest.mark.slow
def test_run_promotes_a_passing_model_and_reports_a_failing_one(
    prefect: Prefect, promotable: Path
) -> None:
    better = FlowRun(prefect, promotable, ref="main", promote=True, set_param=["wrong=40"])
    _, name, message = better.end()
    assert name == "Completed", message
    assert "has the stage production now." in message
    assert holder(promotable) == "v1.0.0"
    branch = message.split(" committed to ")[1].split(";")[0]
    found = json.loads(run(promotable, "git", "show", f"{branch}:reports/gate.json"))
    assert found["passed"]

    blocked = FlowRun(prefect, promotable, ref="main", promote=True, set_param=["wrong=90"])
    identity, name, message = blocked.end()
    assert name == "Blocked", message
    reason = "because the model does not pass the gate: fall below the promoted"
    assert f"nothing is promoted, {reason}" in message
    assert holder(promotable) == "v1.0.0"
    assert "runs/fast-" in message
    (row,) = (
        row
        for row in json.loads(prefect.artifacts(identity)["gate"])
        if row["criterion"] == "fall below the promoted"
    )
    assert not row["passed"]
