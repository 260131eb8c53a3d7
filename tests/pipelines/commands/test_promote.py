"""Promotions and rollbacks within one repository."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import pipelines_process
from tests.pipelines.in_process import dvc, gto
from tests.pipelines.promoting import (
    commit,
    commit_all,
    gate_report,
    holder,
    promote,
    rollback,
    run_gate,
)
from tests.pipelines.repositories import run

pytestmark = pytest.mark.slow

Edit = Callable[[Path, str, Any], None]


def test_promoted_version_can_be_downloaded_from_another_folder(
    promotable: Path, tmp_path: Path
) -> None:
    code, output = promote(promotable)
    assert code == 0, output
    assert output.startswith("v1.0.0 (")
    assert output.endswith(") has the stage production now.\n")
    assert [holder(promotable, artifact) for artifact in ("net", "net-lite")] == ["v1.0.0"] * 2
    dvc(promotable, "remote", "add", "--default", "store", str(tmp_path / "store"))
    dvc(promotable, "push")
    commit_all(promotable, "Have a remote")
    # The version's own commit knows no remote: the one at hand is used.
    get = ("artifacts", "get", str(promotable), "net", "--stage", "production", "--out", "got.txt")
    run(tmp_path, "dvc", *get, "--config", str(promotable / ".dvc" / "config"))
    assert (tmp_path / "got.txt").read_text() == "50 wrong\n"


@pytest.mark.core
def test_worse_model_is_not_promoted_and_a_better_one_is(promotable: Path) -> None:
    promote(promotable)
    commit(promotable, 65)
    code, output = promote(promotable)
    assert code == 1
    assert "its model does not pass the gate: fall below the promoted" in output
    assert holder(promotable) == "v1.0.0"
    assert gate_report(promotable)["promoted"]["version"] == "v1.0.0"

    commit(promotable, 40)
    assert promote(promotable)[0] == 0
    assert holder(promotable) == "v1.1.0"
    assert promote(promotable)[1].endswith("has the stage production already.\n")


def test_gate_report_of_other_results_promotes_nothing(promotable: Path) -> None:
    commit(promotable, 150)
    path = promotable / "reports" / "gate.json"
    path.write_text(path.read_text().replace("false", "true"))
    report = gate_report(promotable)
    report["digests"]["reports/metrics.json"] = "0" * 64
    path.write_text(json.dumps(report))
    commit_all(promotable, "Pretend")
    code, output = promote(promotable)
    assert (code, "gate.json for the results of this commit, found it for others" in output) == (
        1,
        True,
    )


def test_edited_gate_report_promotes_nothing(promotable: Path) -> None:
    commit(promotable, 150)
    path = promotable / "reports" / "gate.json"
    path.write_text(path.read_text().replace("false", "true"))
    commit_all(promotable, "Pretend")
    code, output = promote(promotable)
    assert (code, "to match the results and the gate in params.yaml" in output) == (1, True)


def test_gate_report_of_other_criteria_promotes_nothing(promotable: Path, edit: Edit) -> None:
    edit(promotable / "params.yaml", "datasets.pets.gate.min_accuracy", 0.99)
    commit_all(promotable, "Require more")
    code, output = promote(promotable)
    assert (code, "to match the results and the gate in params.yaml" in output) == (1, True)


def test_promoted_model_keeps_its_gate_report_when_the_gate_runs_again(promotable: Path) -> None:
    for wrong in (50, 40):
        commit(promotable, wrong)
        promote(promotable)
    before = (promotable / "reports" / "gate.json").read_bytes()
    assert run_gate(promotable)[0] == 0
    assert (promotable / "reports" / "gate.json").read_bytes() == before
    assert gate_report(promotable)["promoted"]["version"] == "v1.0.0"


def test_commit_is_promoted_whatever_artifacts_the_newest_commit_declares(
    promotable: Path,
) -> None:
    promote(promotable)
    better = commit(promotable, 40)
    path = promotable / "dvc.yaml"
    path.write_text(path.read_text().replace("  net:", "  network:"))
    commit_all(promotable, "Rename an artifact")

    assert promote(promotable, better)[0] == 0

    assert holder(promotable) == "v1.1.0"


def test_same_results_at_another_commit_create_no_new_version(promotable: Path) -> None:
    promote(promotable)
    commit_all(promotable, "Change nothing")
    assert promote(promotable)[1].endswith("has the stage production already.\n")
    assert run(promotable, "git", "tag", "--list", "net@*") == "net@v1.0.0"


def test_new_version_is_unused_by_every_artifact(promotable: Path) -> None:
    run(promotable, "git", "commit", "--quiet", "--allow-empty", "-m", "Another one")
    gto(promotable, "register", "net-lite", "HEAD~1", "--version", "v1.0.0")
    code, output = promote(promotable)
    assert (code, output.startswith("v1.1.0 (")) == (0, True), output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "expected reports/gate.json in the commit, found none"),
        ("{}", "reports/gate.json: passed is missing; run `python -m pipelines gate` there."),
    ],
)
def test_commit_without_a_gate_report_is_not_promoted(
    promotable: Path, content: str | None, sentence: str
) -> None:
    path = promotable / "reports" / "gate.json"
    path.unlink()
    if content:
        path.write_text(content)
    commit_all(promotable, "No gate report")
    code, output = promote(promotable)
    assert (code, sentence in output, output.count("\n")) == (1, True, 1)


def test_model_compared_with_a_replaced_version_is_not_promoted(
    promotable: Path,
) -> None:
    first = run(promotable, "git", "rev-parse", "HEAD")
    commit(promotable, 40)
    promote(promotable, first)
    code, output = promote(promotable)
    assert code == 1
    assert (
        "expected none to have the stage production, as when the gate ran, found v1.0.0" in output
    )
    assert holder(promotable) == "v1.0.0"


def test_rollback_goes_back_version_by_version(promotable: Path) -> None:
    for wrong in (50, 40, 30):
        commit(promotable, wrong)
        assert promote(promotable)[0] == 0
    assert rollback(promotable, "production")[1].endswith(
        "has the stage production again, after v1.2.0.\n"
    )
    assert holder(promotable) == "v1.1.0"
    assert rollback(promotable, "production")[0] == 0
    assert holder(promotable) == "v1.0.0"
    assert rollback(promotable, "production") == (
        1,
        "error: expected an earlier version with the stage production, found only v1.0.0.\n",
    )


def test_one_of_two_concurrent_promotions_succeeds_and_the_other_is_rejected(
    promotable: Path,
) -> None:
    commits = [commit(promotable, wrong) for wrong in (40, 30)]
    with ThreadPoolExecutor() as pool:
        outcomes = list(
            pool.map(lambda name: pipelines_process(promotable, "promote", name), commits)
        )
    assert sorted(done.code for done in outcomes) == [0, 1]
    (error_text,) = (done.err for done in outcomes if done.code)
    assert "found v1.0.0, promoted since" in error_text
    assert run(promotable, "git", "tag").splitlines() == [
        "net#production#1",
        "net-lite#production#1",
        "net-lite@v1.0.0",
        "net@v1.0.0",
    ]


def test_stage_that_gto_takes_back_is_that_of_the_version_before(promotable: Path) -> None:
    for wrong in (50, 40):
        commit(promotable, wrong)
        assert promote(promotable)[0] == 0
    # GTO orders tags by their dates, in whole seconds.
    time.sleep(1)
    gto(promotable, "deprecate", "net", "v1.1.0", "production")
    assert holder(promotable) == "v1.0.0"
    assert run_gate(promotable)[0] == 0
    assert gate_report(promotable)["promoted"]["version"] == "v1.0.0"
    code, output = rollback(promotable, "production")
    assert (
        code,
        "expected an earlier version with the stage production, found only v1.0.0." in output,
    ) == (1, True)
    code, output = promote(promotable)
    assert (code, output.startswith("v1.1.0 (")) == (0, True), output
    assert holder(promotable) == "v1.1.0"
