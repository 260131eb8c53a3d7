from pathlib import Path

import pytest

from pipelines.dvc.objects import object_path
from pipelines.dvc.publish import push_results
from pipelines.errors import DamagedError
from tests.helpers import md5
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import clone_for_work, run

pytestmark = pytest.mark.slow

MODEL = md5(b"fast 2 one\n")
OF_A = md5(b"a\n")


@pytest.fixture
def run_branch(toy: Path) -> str:
    """The toy has remotes, and what is to be pushed is on a branch."""
    clone_for_work(toy.parent, toy)
    run(toy, "git", "branch", "runs/one")
    return "runs/one"


def pushed(toy: Path) -> str:
    return run(toy, "git", "ls-remote", "origin", "refs/heads/runs/*")


def test_results_are_pushed_and_then_the_branch(toy: Path, run_branch: str) -> None:
    push_results(toy, run_branch, "origin")
    assert object_path(toy.parent / "store", MODEL).read_bytes() == b"fast 2 one\n"
    assert pushed(toy).endswith("refs/heads/runs/one")


def test_branch_is_not_pushed_if_the_remote_lacks_an_object(toy: Path, run_branch: str) -> None:
    """DVC's own push exits with 0 when the cache lacks an object."""
    object_path(toy / ".dvc" / "cache", MODEL).unlink()
    with pytest.raises(DamagedError, match=f"1 of 2 missing, the first {MODEL}"):
        push_results(toy, run_branch, "origin")
    assert pushed(toy) == ""


def test_branch_is_not_pushed_if_the_remote_lacks_a_file_of_a_folder(toy: Path) -> None:
    """Of which the list is in the remote alone, so that DVC's push does not look into it."""
    with (toy / "dvc.yaml").open("a") as stages:
        stages.write("  many: {cmd: mkdir many && echo a > many/a, outs: [many]}\n")
    dvc(toy, "repro")
    run(toy, "git", "add", "--all")
    run(toy, "git", "commit", "--quiet", "-m", "A folder")
    clone_for_work(toy.parent, toy)
    run(toy, "git", "branch", "runs/one")
    dvc(toy, "push")
    (listed,) = (toy / ".dvc" / "cache" / "files").rglob("*.dir")
    listed.unlink()
    object_path(toy.parent / "store", OF_A).unlink()
    with pytest.raises(DamagedError, match=f"1 of 1 missing, the first {OF_A}"):
        push_results(toy, "runs/one", "origin")
    assert pushed(toy) == ""
