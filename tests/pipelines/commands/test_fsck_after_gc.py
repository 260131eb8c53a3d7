"""What gc has removed is not lost, unless something needs it again."""

import shutil
from pathlib import Path

import pytest

from pipelines.dvc.objects import object_path
from tests.helpers import md5, pipelines
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import Git, copy_toy, isolated, run
from tests.pipelines.store import MODEL, cache, fsck, head, train

pytestmark = pytest.mark.slow


def collect(toy: Path) -> None:
    """Remove from the cache what nobody needs."""
    done = pipelines(toy, "gc", "--force")
    assert done.code == 0, done.err


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy with a second commit on main, after which the first one's model was collected."""
    root = tmp_path_factory.mktemp("collected")
    with isolated(root):
        toy = copy_toy(root / "toy")
        train(toy, 3)
        collect(toy)
    assert not object_path(cache(toy), MODEL).exists()
    return toy


@pytest.fixture
def collected(prepared: Path, toy: Path) -> Path:
    """A copy of that repository, in place of the toy."""
    shutil.rmtree(toy)
    shutil.copytree(prepared, toy, symlinks=True)
    return toy


def test_object_that_was_removed_on_purpose_is_not_lost(collected: Path, git: Git) -> None:
    code, output = fsck(collected)
    assert code == 0
    first = git("rev-parse", "HEAD~1")[:7]
    assert f"removed     {MODEL} model.txt: removed by gc; needed by {first}\n" in output


def test_removed_object_that_a_later_commit_created_again_can_be_lost(
    collected: Path, git: Git
) -> None:
    train(collected, 2)
    again = head(git)
    assert fsck(collected)[0] == 0
    train(collected, 3)
    object_path(cache(collected), MODEL).unlink()
    code, output = fsck(collected)
    assert code == 3
    assert f"lost        {MODEL} model.txt: missing, lost; needed by {again}" in output
    # Collected again, it is removed on behalf of that commit too.
    run(collected, "git", "checkout", "--quiet", again)
    dvc(collected, "repro")
    git("switch", "--quiet", "main")
    dvc(collected, "checkout")
    collect(collected)
    code, output = fsck(collected)
    assert (code, f"removed     {MODEL} " in output) == (0, True), output


@pytest.mark.parametrize("ref", ["branch", "tag"])
def test_removed_object_that_a_branch_or_tag_needs_now_is_lost(
    collected: Path, git: Git, ref: str
) -> None:
    git(ref, "older", "HEAD~1")
    code, output = fsck(collected)
    assert (code, f"lost        {MODEL} " in output) == (3, True)
    git(ref, "--delete", "older")
    git("branch", "runs/older", "HEAD~1")
    assert fsck(collected)[0] == 0


def test_removed_file_of_a_folder_that_is_needed_again_is_lost(toy: Path, git: Git) -> None:
    content = "echo a > many/a && echo b > many/b"
    for commands in (content, "echo c > many/c", f"{content} && echo d > many/d"):
        (toy / "dvc.yaml").write_text(
            f"stages: {{many: {{cmd: mkdir many && {commands}, outs: [many]}}}}\n"
        )
        dvc(toy, "repro")
        git("add", "--all")
        git("commit", "--quiet", "-m", commands)
        collect(toy)
    assert fsck(toy)[0] == 0
    of_b = md5(b"b\n")
    object_path(cache(toy), of_b).unlink()
    code, output = fsck(toy)
    assert (code, f"lost        {of_b} many/b: missing" in output) == (3, True), output
