"""The gate and promotions, in real repositories, each command in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.conftest import ROOT, FlowRun, Prefect, run

Edit = Callable[[Path, str, Any], None]


def judge(folder: Path) -> tuple[int, str]:
    return python(folder, "gate")


def promote(folder: Path, *arguments: str) -> tuple[int, str]:
    return python(folder, "promote", "promote", *arguments)


def rollback(folder: Path, *arguments: str) -> tuple[int, str]:
    return python(folder, "promote", "rollback", *arguments)


def python(folder: Path, module: str, *arguments: str) -> tuple[int, str]:
    """Run a command of the pipeline's; give its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", f"pipelines.{module}", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(judged: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose model is committed, with the verdict of its gate."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "200")
    commit(judged, 50)
    return judged


def commit(folder: Path, wrong: int) -> str:
    """Commit a model that gets so many images wrong, and what the gate says of it."""
    params = (folder / "params.yaml").read_text().splitlines()
    params[1] = f"wrong: {wrong}"
    (folder / "params.yaml").write_text("\n".join(params) + "\n")
    run(folder, "dvc", "repro", "--quiet")
    assert judge(folder)[0] in {0, 3}
    return commit_all(folder, f"{wrong} wrong")


def commit_all(folder: Path, message: str) -> str:
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--allow-empty", "-m", message)
    return run(folder, "git", "rev-parse", "HEAD")


def verdict(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "reports" / "gate.json").read_text())
    return found


def holder(folder: Path, artifact: str = "net") -> str:
    """The version that has the stage, as GTO itself says."""
    shown = json.loads(run(folder, "gto", "show", f"{artifact}#production", "--json"))
    return str(shown[0]["version"]) if shown else "none"


def test_gate_writes_each_rule_with_its_numbers_and_verdict(folder: Path) -> None:
    code, said = judge(folder)
    assert code == 0
    assert "The model may be promoted to production, as the first version" in said
    found = verdict(folder)
    assert (found["passed"], found["stage"], found["promoted"]) == (True, "production", None)
    assert found["rules"][0] == {
        "rule": "test accuracy",
        "passed": True,
        "found": 0.95,
        "demanded": "at least 0.9",
    }
    assert sorted(found["judged"]) == [
        "reports/checks.json",
        "reports/classes.csv",
        "reports/metrics.json",
        "reports/misclassified.csv",
    ]


def test_gate_gives_the_same_bytes_again(folder: Path) -> None:
    before = (folder / "reports" / "gate.json").read_bytes()
    judge(folder)
    assert (folder / "reports" / "gate.json").read_bytes() == before


def test_gate_that_is_shut_has_an_exit_code_of_its_own(folder: Path) -> None:
    commit(folder, 150)
    code, said = judge(folder)
    assert code == 3
    assert "may not be promoted" in said
    assert 'recall of each class {"class": "cat", "recall": 0.7}, demanded: at least 0.8' in said


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("gate.fall", 2, "params.yaml: gate.fall: Input should be less than 1, found 2"),
        ("gate", None, "params.yaml: expected a section gate, found none"),
    ],
)
def test_demands_that_are_refused_are_a_sentence(
    folder: Path, edit: Edit, place: str, value: object, sentence: str
) -> None:
    edit(folder / "params.yaml", place, value)
    code, said = judge(folder)
    assert (code, said.startswith(f"error: {sentence}")) == (1, True), said


def test_results_that_are_missing_or_cut_off_are_a_sentence(folder: Path) -> None:
    (folder / "reports" / "metrics.json").write_text('{"test": {')
    code, said = judge(folder)
    assert (code, said.startswith("error: reports/: expected results as the pipeline")) == (1, True)
    (folder / "reports" / "metrics.json").unlink()
    code, said = judge(folder)
    assert (code, "expected reports/metrics.json, found none" in said) == (1, True)


def test_promoted_version_can_be_got_from_elsewhere(folder: Path, tmp_path: Path) -> None:
    code, said = promote(folder)
    assert code == 0, said
    assert said.startswith("v1.0.0 (")
    assert said.endswith(") has the stage production now.\n")
    assert [holder(folder, artifact) for artifact in ("net", "net-lite")] == ["v1.0.0"] * 2
    run(folder, "dvc", "remote", "add", "--quiet", "--default", "store", str(tmp_path / "store"))
    run(folder, "dvc", "push", "--quiet")
    commit_all(folder, "Have a remote")
    # The version's own commit knows no remote: the one at hand is used.
    get = ("artifacts", "get", str(folder), "net", "--stage", "production", "--out", "got.txt")
    run(tmp_path, "dvc", *get, "--config", str(folder / ".dvc" / "config"))
    assert (tmp_path / "got.txt").read_text() == "50 wrong\n"


def test_worse_model_is_not_promoted_and_a_better_one_is(folder: Path) -> None:
    promote(folder)
    commit(folder, 65)
    code, said = promote(folder)
    assert code == 1
    assert "its gate is shut: fall below the promoted" in said
    assert holder(folder) == "v1.0.0"
    assert verdict(folder)["promoted"]["version"] == "v1.0.0"

    commit(folder, 40)
    assert promote(folder)[0] == 0
    assert holder(folder) == "v1.1.0"
    assert promote(folder)[1].endswith("has the stage production already.\n")


def test_verdict_on_other_results_promotes_nothing(folder: Path) -> None:
    commit(folder, 150)
    shut = folder / "reports" / "gate.json"
    shut.write_text(shut.read_text().replace("false", "true"))
    open_ = verdict(folder)
    open_["judged"]["reports/metrics.json"] = "0" * 64
    shut.write_text(json.dumps(open_))
    commit_all(folder, "Pretend")
    code, said = promote(folder)
    assert (code, "gate.json of its own results, found it of others" in said) == (1, True)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "expected reports/gate.json in it, found none"),
        ("{}", "as the gate writes it, found"),
    ],
)
def test_commit_without_a_verdict_is_not_promoted(
    folder: Path, content: str | None, sentence: str
) -> None:
    path = folder / "reports" / "gate.json"
    path.unlink()
    if content:
        path.write_text(content)
    commit_all(folder, "No verdict")
    code, said = promote(folder)
    assert (code, sentence in said, said.count("\n")) == (1, True, 1)


def test_model_judged_against_a_version_that_was_replaced_since_is_not_promoted(
    folder: Path,
) -> None:
    first = run(folder, "git", "rev-parse", "HEAD")
    commit(folder, 40)
    promote(folder, first)
    code, said = promote(folder)
    assert code == 1
    assert (
        "expected none to have the stage production, as when the gate judged, found v1.0.0" in said
    )
    assert holder(folder) == "v1.0.0"


def test_rollback_goes_back_version_by_version(folder: Path) -> None:
    for wrong in (50, 40, 30):
        commit(folder, wrong)
        assert promote(folder)[0] == 0
    assert rollback(folder, "production")[1].endswith(
        "has the stage production again, after v1.2.0.\n"
    )
    assert holder(folder) == "v1.1.0"
    assert rollback(folder, "production")[0] == 0
    assert holder(folder) == "v1.0.0"
    assert rollback(folder, "production") == (
        1,
        "error: expected a version that had the stage production before, found v1.0.0 alone.\n",
    )


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(folder: Path) -> None:
    commits = [commit(folder, wrong) for wrong in (40, 30)]
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda name: promote(folder, name), commits))
    assert sorted(code for code, _ in outcomes) == [0, 1]
    (told,) = (said for code, said in outcomes if code)
    assert "found v1.0.0, promoted since" in told
    assert run(folder, "git", "tag").splitlines() == [
        "net#production#1",
        "net-lite#production#1",
        "net-lite@v1.0.0",
        "net@v1.0.0",
    ]


def test_of_two_clones_one_wins_at_the_remote_and_the_other_is_told(
    folder: Path, tmp_path: Path
) -> None:
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(folder, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    commits = [commit(folder, wrong) for wrong in (40, 30)]
    run(folder, "git", "push", "--quiet", "origin", "main")
    run(tmp_path, "git", "clone", "--quiet", "origin.git", "other")
    both = list(zip((folder, tmp_path / "other"), commits, strict=True))
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda one: promote(one[0], one[1], "--push", "origin"), both))
    assert sorted(code for code, _ in outcomes) == [0, 1], outcomes
    (told,) = (said for code, said in outcomes if code)
    assert "promoted since" in told or "another promotion has been quicker" in told
    for clone, _ in both:
        run(clone, "git", "fetch", "--quiet", "--tags", "origin")
    tags = [run(clone, "git", "for-each-ref", "refs/tags") for clone, _ in both]
    assert tags[0] == tags[1] != ""


@pytest.mark.slow
def test_run_promotes_what_passes_and_tells_of_what_does_not(
    prefect: Prefect, folder: Path
) -> None:
    better = FlowRun(prefect, folder, ref="main", promote=True, set_param=["wrong=40"])
    _, name, message = better.end()
    assert name == "Completed", message
    assert "has the stage production now." in message
    assert holder(folder) == "v1.0.0"
    branch = message.split(" committed to ")[1].split(";")[0]
    found = json.loads(run(folder, "git", "show", f"{branch}:reports/gate.json"))
    assert found["passed"]

    blocked = FlowRun(prefect, folder, ref="main", promote=True, set_param=["wrong=90"])
    identity, name, message = blocked.end()
    assert name == "Blocked", message
    assert "nothing is promoted, for its gate is shut: fall below the promoted" in message
    assert holder(folder) == "v1.0.0"
    assert "runs/fast-" in message
    (row,) = (
        row
        for row in json.loads(prefect.artifacts(identity)["gate"])
        if row["rule"] == "fall below the promoted"
    )
    assert not row["passed"]
