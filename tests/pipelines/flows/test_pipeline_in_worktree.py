"""Runs of a commit, which work in a worktree, end as a commit and can be pushed."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import Git, copy_toy, isolated, run, set_dvc_remote
from tests.pipelines.runs import Ended, FlowRun

Start = Callable[..., FlowRun]

PUSHED = {"ref": "main", "recipe": "tutorial", "push": "origin"}


@pytest.fixture(scope="module")
def not_pushed(prefect: Prefect, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A toy whose run could not push its branch, and how that run ended."""
    root = tmp_path_factory.mktemp("not-pushed")
    with isolated(root):
        toy = copy_toy(root / "toy")
        return toy, FlowRun(prefect, toy, **PUSHED).end()


@pytest.mark.core
def test_run_in_a_worktree_ends_as_a_commit_and_leaves_the_working_copy_unchanged(
    prefect: Prefect, start: Start, toy: Path, git: Git
) -> None:
    (toy / "source.txt").write_text("edited, not committed\n")
    identity, _, message = start(ref="main", recipe="tutorial", set_param=["epochs=5"]).end()
    (branch,) = git("branch", "--list", "runs/*", "--format=%(refname:short)").split()
    assert branch == f"runs/tutorial-{git('rev-parse', 'main')[:7]}-{identity[-8:]}"
    assert message == f"2 ran, 1 restored; committed to {branch}"
    assert git("status", "--porcelain") == "M source.txt"
    assert git("show", f"{branch}:reports/index.html") == "tutorial 5 one"
    assert git("log", "-1", "--format=%s|%(trailers:key=Flow-Run,valueonly)", branch) == (
        f"Run tutorial at {git('rev-parse', 'main')[:7]}|{identity}"
    )
    changed = git("diff", "--name-only", "main", branch).split()
    assert changed == [
        "dvc.lock",
        "models/provenance.json",
        "params.yaml",
        "reports/index.html",
        "reports/metrics.json",
    ]
    difference = subprocess.run(
        ["dvc", "metrics", "diff", "--json", "main", branch],
        cwd=toy, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    accuracy = json.loads(difference)["reports/metrics.json"]["test.accuracy"]
    assert (accuracy["old"], accuracy["new"]) == (0.2, 0.5)
    assert prefect.runs(id=identity)[0]["name"] == "tutorial at main"
    assert git("worktree", "list", "--porcelain").count("worktree ") == 1


def test_results_of_a_run_in_a_worktree_are_pushed_to_both_remotes(
    start: Start, toy: Path, git: Git
) -> None:
    remote, storage = toy.parent / "remote.git", toy.parent / "storage"
    git("init", "--quiet", "--bare", str(remote))
    git("remote", "add", "origin", str(remote))
    run(toy, "dvc", "remote", "add", "--quiet", "--default", "storage", str(storage))
    git("commit", "--quiet", "--all", "-m", "Have a remote")

    _, _, message = start(ref="main", recipe="tutorial", push="origin").end()

    (branch,) = git("branch", "--list", "runs/*", "--format=%(refname:short)").split()
    assert message == f"2 ran, 1 restored; committed to {branch}, pushed to origin"
    assert git("ls-remote", "origin").split() == [git("rev-parse", branch), f"refs/heads/{branch}"]
    clone = toy.parent / "clone"
    git("clone", "--quiet", "--branch", branch, str(remote), str(clone))
    subprocess.run(["dvc", "pull", "--quiet"], cwd=clone, check=True)
    assert (clone / "model.txt").read_text() == "tutorial 2 one\n"


def test_rejected_push_fails_the_run_and_keeps_its_branch(not_pushed: tuple[Path, Ended]) -> None:
    toy, (_, name, message) = not_pushed
    assert name == "Failed"
    assert "no remote specified" in message
    assert run(toy, "git", "branch", "--list", "runs/*")


def test_repeated_run_pushes_a_branch_that_was_not_pushed(
    not_pushed: tuple[Path, Ended], start: Start, toy: Path, git: Git
) -> None:
    shutil.rmtree(toy)
    shutil.copytree(not_pushed[0], toy, symlinks=True)
    branch = git("branch", "--list", "runs/*", "--format=%(refname:short)")
    git("init", "--quiet", "--bare", str(toy.parent / "remote.git"))
    git("remote", "add", "origin", str(toy.parent / "remote.git"))
    set_dvc_remote(toy, "../../store")

    _, name, message = start(**PUSHED).end()

    assert name == "Completed"
    assert message.endswith(f"same results as the run at {branch}, pushed to origin")
    assert git("ls-remote", "origin").split() == [git("rev-parse", branch), f"refs/heads/{branch}"]
