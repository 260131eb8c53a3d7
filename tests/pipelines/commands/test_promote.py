"""The gate and promotions, in real repositories, each command in a process of its own."""

import json
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import ROOT, pipelines, pipelines_process
from tests.pipelines.in_process import dvc, gto
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import isolate, isolated, make_gated, run
from tests.pipelines.runs import FlowRun

Edit = Callable[[Path, str, Any], None]


def run_gate(folder: Path) -> tuple[int, str]:
    return run_command(folder, "gate")


def promote(folder: Path, *arguments: str) -> tuple[int, str]:
    return run_command(folder, "promote", *arguments)


def rollback(folder: Path, *arguments: str) -> tuple[int, str]:
    return run_command(folder, "rollback", *arguments)


def run_command(folder: Path, *arguments: str) -> tuple[int, str]:
    done = pipelines(folder, *arguments)
    return done.code, done.out + done.err


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository whose model is committed, with its gate report."""
    root = tmp_path_factory.mktemp("committed")
    with isolated(root):
        folder = make_gated(root / "gated")
        commit(folder, 50)
        yield folder


@pytest.fixture
def folder(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that repository."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copytree(committed, tmp_path / "gated", symlinks=True)
    return tmp_path / "gated"


def commit(folder: Path, wrong: int) -> str:
    """Commit a model that gets so many images wrong, and its gate report."""
    params = (folder / "params.yaml").read_text().splitlines()
    params[1] = f"wrong: {wrong}"
    (folder / "params.yaml").write_text("\n".join(params) + "\n")
    dvc(folder, "repro")
    assert run_gate(folder)[0] in {0, 3}
    return commit_all(folder, f"{wrong} wrong")


def commit_all(folder: Path, message: str) -> str:
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--allow-empty", "-m", message)
    return run(folder, "git", "rev-parse", "HEAD")


def gate_report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "reports" / "gate.json").read_text())
    return found


def holder(folder: Path, artifact: str = "net") -> str:
    """The version that has the stage, as GTO reports it."""
    shown = json.loads(gto(folder, "show", f"{artifact}#production", "--json"))
    return str(shown[0]["version"]) if shown else "none"


def test_gate_writes_each_criterion_with_its_numbers_and_result(folder: Path) -> None:
    code, output = run_gate(folder)
    assert code == 0
    assert "The model may be promoted to production, as the first version" in output
    found = gate_report(folder)
    assert (found["passed"], found["stage"], found["promoted"]) == (True, "production", None)
    assert found["criteria"][0] == {
        "criterion": "test accuracy",
        "passed": True,
        "found": 0.95,
        "required": "at least 0.9",
    }
    assert sorted(found["digests"]) == [
        "reports/calibration.csv",
        "reports/checks.json",
        "reports/classes.csv",
        "reports/confusion_matrix.csv",
        "reports/metrics.json",
        "reports/misclassified.csv",
    ]


def test_gate_writes_the_same_bytes_again(folder: Path) -> None:
    before = (folder / "reports" / "gate.json").read_bytes()
    run_gate(folder)
    assert (folder / "reports" / "gate.json").read_bytes() == before


def test_failed_gate_exits_with_3(folder: Path) -> None:
    commit(folder, 150)
    code, output = run_gate(folder)
    assert code == 3
    assert "may not be promoted" in output
    assert "recall of each class: found class cat, recall 0.7, required at least 0.8" in output


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (
            "gate.max_regression",
            2,
            "params.yaml: gate: max_regression must be less than 1, found 2",
        ),
        ("gate", None, "params.yaml: expected a section gate, found none"),
    ],
)
def test_invalid_criteria_are_rejected_in_one_sentence(
    folder: Path, edit: Edit, place: str, value: object, sentence: str
) -> None:
    edit(folder / "params.yaml", place, value)
    code, output = run_gate(folder)
    assert (code, output.startswith(f"error: {sentence}")) == (1, True), output


def test_missing_and_truncated_results_are_rejected_in_one_sentence(folder: Path) -> None:
    (folder / "reports" / "metrics.json").write_text('{"test": {')
    code, output = run_gate(folder)
    expected = (
        "error: the working copy: reports/metrics.json: expected a JSON file, found a mistake"
    )
    assert (code, output.startswith(expected)) == (1, True), output
    (folder / "reports" / "metrics.json").unlink()
    code, output = run_gate(folder)
    assert (code, "expected reports/metrics.json, found none" in output) == (1, True)


@pytest.mark.parametrize(
    ("path", "before", "after", "found"),
    [
        ("reports/metrics.json", "0.95", "1e999", "the number 1e999, which is not finite"),
        ("reports/metrics.json", '"images": 1000', '"images": 0', "test.images must be from 1"),
        ("reports/classes.csv", "cat,500,1,0.9,0.947368\ndog", "dog", "at least 2 rows, found 1"),
        ("reports/predictions.csv", "0,0,1,", "0,0,0,", "`dvc checkout reports/predictions.csv`"),
        ("reports/checks.json", "}]}", "}]}" + "[" * 100_000, "expected a JSON file, found"),
        ("dvc.yaml", "artifacts:", "artifacts: null\nothers:", "expected a section artifacts"),
        ("dvc.lock", "stages:", "stages: null\nothers:", "expected dvc.lock to record the stages"),
    ],
)
def test_invalid_results_get_no_gate_report(
    folder: Path, path: str, before: str, after: str, found: str
) -> None:
    verdict_before = (folder / "reports" / "gate.json").read_bytes()
    text = (folder / path).read_text()
    assert before in text
    # DVC links it to its cache.
    (folder / path).unlink()
    (folder / path).write_text(text.replace(before, after, 1))
    commit_all(folder, "Nonsense")
    code, output = run_gate(folder)
    assert (code, found in output, output.count("\n")) == (1, True, 1), output
    assert (folder / "reports" / "gate.json").read_bytes() == verdict_before
    code, output = promote(folder)
    if path != "reports/predictions.csv":
        assert (code, output.count("\n")) == (1, 1), output


def test_predictions_that_contradict_the_metrics_are_rejected(folder: Path) -> None:
    """Results that agree with each other, and that dvc.lock records, but with one answer forged."""
    answers = folder / "reports" / "predictions.csv"
    text = answers.read_text()
    answers.unlink()
    answers.write_text(text.replace("0,0,1,0.9,0.1,0.9\n", "0,0,0,0.9,0.9,0.1\n", 1))
    dvc(folder, "commit", "--force", "evaluate")
    code, output = run_gate(folder)
    assert code == 1
    assert "to be 451, as predictions.csv gives it, found 450; run the pipeline there." in output


def test_promoted_version_can_be_downloaded_from_another_folder(
    folder: Path, tmp_path: Path
) -> None:
    code, output = promote(folder)
    assert code == 0, output
    assert output.startswith("v1.0.0 (")
    assert output.endswith(") has the stage production now.\n")
    assert [holder(folder, artifact) for artifact in ("net", "net-lite")] == ["v1.0.0"] * 2
    dvc(folder, "remote", "add", "--default", "store", str(tmp_path / "store"))
    dvc(folder, "push")
    commit_all(folder, "Have a remote")
    # The version's own commit knows no remote: the one at hand is used.
    get = ("artifacts", "get", str(folder), "net", "--stage", "production", "--out", "got.txt")
    run(tmp_path, "dvc", *get, "--config", str(folder / ".dvc" / "config"))
    assert (tmp_path / "got.txt").read_text() == "50 wrong\n"


def test_worse_model_is_not_promoted_and_a_better_one_is(folder: Path) -> None:
    promote(folder)
    commit(folder, 65)
    code, output = promote(folder)
    assert code == 1
    assert "its model does not pass the gate: fall below the promoted" in output
    assert holder(folder) == "v1.0.0"
    assert gate_report(folder)["promoted"]["version"] == "v1.0.0"

    commit(folder, 40)
    assert promote(folder)[0] == 0
    assert holder(folder) == "v1.1.0"
    assert promote(folder)[1].endswith("has the stage production already.\n")


def test_gate_report_of_other_results_promotes_nothing(folder: Path) -> None:
    commit(folder, 150)
    path = folder / "reports" / "gate.json"
    path.write_text(path.read_text().replace("false", "true"))
    report = gate_report(folder)
    report["digests"]["reports/metrics.json"] = "0" * 64
    path.write_text(json.dumps(report))
    commit_all(folder, "Pretend")
    code, output = promote(folder)
    assert (code, "gate.json for the results of this commit, found it for others" in output) == (
        1,
        True,
    )


def test_edited_gate_report_promotes_nothing(folder: Path) -> None:
    commit(folder, 150)
    path = folder / "reports" / "gate.json"
    path.write_text(path.read_text().replace("false", "true"))
    commit_all(folder, "Pretend")
    code, output = promote(folder)
    assert (code, "to match the results and the gate in params.yaml" in output) == (1, True)


def test_gate_report_of_other_criteria_promotes_nothing(folder: Path, edit: Edit) -> None:
    edit(folder / "params.yaml", "gate.min_accuracy", 0.99)
    commit_all(folder, "Require more")
    code, output = promote(folder)
    assert (code, "to match the results and the gate in params.yaml" in output) == (1, True)


def test_promoted_model_keeps_its_gate_report_when_the_gate_runs_again(folder: Path) -> None:
    for wrong in (50, 40):
        commit(folder, wrong)
        promote(folder)
    before = (folder / "reports" / "gate.json").read_bytes()
    assert run_gate(folder)[0] == 0
    assert (folder / "reports" / "gate.json").read_bytes() == before
    assert gate_report(folder)["promoted"]["version"] == "v1.0.0"


def test_same_results_at_another_commit_create_no_new_version(folder: Path) -> None:
    promote(folder)
    commit_all(folder, "Change nothing")
    assert promote(folder)[1].endswith("has the stage production already.\n")
    assert run(folder, "git", "tag", "--list", "net@*") == "net@v1.0.0"


def test_new_version_is_unused_by_every_artifact(folder: Path) -> None:
    run(folder, "git", "commit", "--quiet", "--allow-empty", "-m", "Another one")
    gto(folder, "register", "net-lite", "HEAD~1", "--version", "v1.0.0")
    code, output = promote(folder)
    assert (code, output.startswith("v1.1.0 (")) == (0, True), output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "expected reports/gate.json in the commit, found none"),
        ("{}", "reports/gate.json: passed is missing; run `python -m pipelines gate` there."),
    ],
)
def test_commit_without_a_gate_report_is_not_promoted(
    folder: Path, content: str | None, sentence: str
) -> None:
    path = folder / "reports" / "gate.json"
    path.unlink()
    if content:
        path.write_text(content)
    commit_all(folder, "No gate report")
    code, output = promote(folder)
    assert (code, sentence in output, output.count("\n")) == (1, True, 1)


def test_model_compared_with_a_replaced_version_is_not_promoted(
    folder: Path,
) -> None:
    first = run(folder, "git", "rev-parse", "HEAD")
    commit(folder, 40)
    promote(folder, first)
    code, output = promote(folder)
    assert code == 1
    assert (
        "expected none to have the stage production, as when the gate ran, found v1.0.0" in output
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
        "error: expected an earlier version with the stage production, found only v1.0.0.\n",
    )


def test_one_of_two_concurrent_promotions_succeeds_and_the_other_is_rejected(folder: Path) -> None:
    commits = [commit(folder, wrong) for wrong in (40, 30)]
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda name: pipelines_process(folder, "promote", name), commits))
    assert sorted(done.code for done in outcomes) == [0, 1]
    (error_text,) = (done.err for done in outcomes if done.code)
    assert "found v1.0.0, promoted since" in error_text
    assert run(folder, "git", "tag").splitlines() == [
        "net#production#1",
        "net-lite#production#1",
        "net-lite@v1.0.0",
        "net@v1.0.0",
    ]


def test_one_of_two_clones_promotes_at_the_remote_and_the_other_is_rejected(
    folder: Path, tmp_path: Path
) -> None:
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(folder, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    commits = [commit(folder, wrong) for wrong in (40, 30)]
    run(folder, "git", "push", "--quiet", "origin", "main")
    run(tmp_path, "git", "clone", "--quiet", "origin.git", "other")
    both = list(zip((folder, tmp_path / "other"), commits, strict=True))
    with ThreadPoolExecutor() as pool:
        outcomes = list(
            pool.map(
                lambda one: pipelines_process(one[0], "promote", one[1], "--push", "origin"), both
            )
        )
    assert sorted(done.code for done in outcomes) == [0, 1], outcomes
    (error_text,) = (done.err for done in outcomes if done.code)
    winner = holder(folder)
    assert re.search(
        rf"found {winner}, promoted since|where {winner} \(\w{{7}}\) has the ", error_text
    )
    tags = [run(clone, "git", "for-each-ref", "refs/tags") for clone, _ in both]
    assert tags[0] == tags[1] != ""


def test_rejected_tags_are_removed_and_the_promoted_version_is_named(
    folder: Path, tmp_path: Path
) -> None:
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(folder, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    run(folder, "git", "push", "--quiet", "origin", "main")
    # A promotion by another, between what this one fetches and what it pushes.
    hook = folder / ".git" / "hooks" / "pre-push"
    hook.write_text(
        """#!/bin/sh
        git tag --annotate --message=theirs theirs
        for tag in net@v1.0.0 'net#production#1'; do
            git push --quiet --no-verify origin "theirs:refs/tags/$tag"
        done
        git tag --delete theirs
        """
    )
    hook.chmod(0o755)
    code, output = promote(folder, "--push", "origin")
    assert code == 1
    assert "where v1.0.0 (" in output
    assert run(folder, "git", "tag").splitlines() == ["net#production#1", "net@v1.0.0"]
    listed = run(folder, "git", "ls-remote", "--tags", "--refs", "origin")
    assert listed.count("refs/tags/") == 2


@pytest.fixture
def origin(folder: Path, tmp_path: Path) -> Path:
    """The repository's remote, which has main."""
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(folder, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    run(folder, "git", "push", "--quiet", "origin", "main")
    return tmp_path / "origin.git"


def kill_before_the_push(folder: Path, *arguments: str) -> None:
    """Have a command of promote be killed when Git is about to push."""
    hook = folder / ".git" / "hooks" / "pre-push"
    # The hook's parent is Git, whose parent is the command.
    hook.write_text("#!/bin/sh\nkill -9 $(cut -d ' ' -f 4 /proc/$PPID/stat)\nexit 1\n")
    hook.chmod(0o755)
    assert pipelines_process(folder, *arguments, "--push", "origin").code == -signal.SIGKILL
    hook.unlink()


def test_repeated_promotion_pushes_the_tags_of_a_killed_one(folder: Path, origin: Path) -> None:
    kill_before_the_push(folder, "promote")
    here = run(folder, "git", "tag").splitlines()
    assert len(here) == 4
    assert run(origin, "git", "tag") == ""
    code, output = promote(folder, "--push", "origin")
    assert code == 0
    assert "has the stage production already; pushed the tags that origin la" in output
    assert run(origin, "git", "tag").splitlines() == here
    assert promote(folder, "--push", "origin")[1].endswith(" has the stage production already.\n")


def test_repeated_rollback_pushes_the_tags_of_a_killed_one_and_goes_no_further(
    folder: Path, origin: Path
) -> None:
    for wrong in (50, 40, 30):
        commit(folder, wrong)
        assert promote(folder, "--push", "origin")[0] == 0
    assert holder(origin) == "v1.2.0"
    kill_before_the_push(folder, "rollback", "production")
    assert (holder(folder), holder(origin)) == ("v1.1.0", "v1.2.0")
    code, output = rollback(folder, "production", "--push", "origin")
    assert code == 0
    assert output.startswith("v1.1.0 (")
    assert "has the stage production again already; pushed the tags that origin la" in output
    assert (holder(folder), holder(origin)) == ("v1.1.0", "v1.1.0")
    assert rollback(folder, "production", "--push", "origin")[0] == 0
    assert (holder(folder), holder(origin)) == ("v1.0.0", "v1.0.0")


def test_unpushed_promotions_are_pushed_with_the_next_one(folder: Path, origin: Path) -> None:
    for wrong in (50, 40):
        commit(folder, wrong)
        assert promote(folder)[0] == 0
    code, output = rollback(folder, "production", "--push", "origin")
    assert (code, output.endswith("has the stage production again, after v1.1.0.\n")) == (0, True)
    assert run(origin, "git", "tag") == run(folder, "git", "tag")
    assert (holder(folder), holder(origin)) == ("v1.0.0", "v1.0.0")


def test_stage_that_gto_takes_back_is_that_of_the_version_before(folder: Path) -> None:
    for wrong in (50, 40):
        commit(folder, wrong)
        assert promote(folder)[0] == 0
    # GTO orders tags by their dates, in whole seconds.
    time.sleep(1)
    gto(folder, "deprecate", "net", "v1.1.0", "production")
    assert holder(folder) == "v1.0.0"
    assert run_gate(folder)[0] == 0
    assert gate_report(folder)["promoted"]["version"] == "v1.0.0"
    code, output = rollback(folder, "production")
    assert (
        code,
        "expected an earlier version with the stage production, found only v1.0.0." in output,
    ) == (1, True)
    code, output = promote(folder)
    assert (code, output.startswith("v1.1.0 (")) == (0, True), output
    assert holder(folder) == "v1.1.0"


def test_killed_and_overtaken_promotion_is_rejected_in_one_sentence(
    folder: Path, origin: Path
) -> None:
    kill_before_the_push(folder, "promote")
    run(origin, "git", "tag", "-a", "-m", "theirs", "net@v1.0.0", "main")
    code, output = promote(folder, "--push", "origin")
    assert code == 1
    assert output == (
        "error: expected the tag net@v1.0.0 to be the one that origin has, found another one here, "
        "which was not pushed; remove it, and promote again: git tag --delete net#production#1 "
        "net-lite#production#1 net-lite@v1.0.0 net@v1.0.0.\n"
    )


@pytest.mark.slow
def test_run_promotes_a_model_once_and_not_again_after_a_rollback(
    prefect: Prefect, folder: Path
) -> None:
    run_of_40: dict[str, Any] = {"ref": "main", "promote": True, "set_param": ["wrong=40"]}
    promote(folder)
    _, _, message = FlowRun(prefect, folder, **run_of_40).end()
    assert "v1.1.0 (" in message
    for _ in range(2):
        _, name, message = FlowRun(prefect, folder, **run_of_40).end()
        assert (name, message.endswith("has the stage production already.")) == ("Completed", True)
    assert run(folder, "git", "branch", "--list", "runs/*").count("runs/") == 1

    rollback(folder, "production")
    _, _, message = FlowRun(prefect, folder, **run_of_40).end()
    assert (
        "nothing is promoted, because these are the results of v1.1.0, which no longer" in message
    )
    assert holder(folder) == "v1.0.0"
    name = message.rpartition("pipelines promote ")[2]
    assert promote(folder, name)[0] == 0
    assert holder(folder) == "v1.1.0"


@pytest.mark.slow
def test_run_of_a_commit_that_is_up_to_date_promotes_it(prefect: Prefect, folder: Path) -> None:
    _, _, message = FlowRun(prefect, folder, ref="main", promote=True).end()
    assert "nothing to commit; v1.0.0 (" in message
    assert holder(folder) == "v1.0.0"


@pytest.mark.slow
def test_run_promotes_a_passing_model_and_reports_a_failing_one(
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
    reason = "because the model does not pass the gate: fall below the promoted"
    assert f"nothing is promoted, {reason}" in message
    assert holder(folder) == "v1.0.0"
    assert "runs/fast-" in message
    (row,) = (
        row
        for row in json.loads(prefect.artifacts(identity)["gate"])
        if row["criterion"] == "fall below the promoted"
    )
    assert not row["passed"]
