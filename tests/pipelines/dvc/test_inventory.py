from pathlib import Path

import pytest

from pipelines.dvc.inventory import kept_refs, needs_of
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import Git


@pytest.fixture
def fetched(toy: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toy with the runs 1 to 3 and what its remote has: all but the third, and a fourth."""
    git("init", "--quiet", "--bare", str(toy.parent / "remote.git"))
    git("remote", "add", "origin", str(toy.parent / "remote.git"))
    for number in range(1, 5):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-0{number}T00:00:00Z")
        git("commit", "--quiet", "--allow-empty", "-m", str(number))
        git("branch", f"runs/{number}")
    git("push", "--quiet", "origin", "main", "runs/1", "runs/2", "runs/4")
    git("branch", "--delete", "--force", "runs/4")
    return toy


@pytest.mark.parametrize(
    ("runs", "kept"),
    [
        (0, set()),
        (1, {"refs/remotes/origin/runs/4"}),
        (
            3,
            {
                "refs/remotes/origin/runs/4",
                "refs/heads/runs/3",
                "refs/heads/runs/2",
                "refs/remotes/origin/runs/2",
            },
        ),
    ],
)
def test_newest_runs_are_kept_with_what_the_remote_has_of_them(
    fetched: Path, runs: int, kept: set[str]
) -> None:
    names = {ref.name for ref in kept_refs(fetched, runs)}

    assert names == kept | {"HEAD", "refs/heads/main", "refs/remotes/origin/main"}


def test_output_that_git_holds_is_not_needed_whatever_its_name(toy: Path, git: Git) -> None:
    (toy / "dvc.yaml").write_text(
        "stages:\n  write:\n    cmd: echo a > für.txt && echo b > über.txt\n"
        "    outs: [für.txt: {cache: false}, über.txt]\n"
    )
    dvc(toy, "repro")
    git("add", "--all")
    git("commit", "--quiet", "-m", "Two outputs")

    needs = needs_of(toy, "HEAD", "dvc.lock")
    assert [need.path for need in needs if need.stage == "write"] == ["über.txt"]
