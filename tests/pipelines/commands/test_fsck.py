from pathlib import Path

import pytest

from pipelines.dvc.objects import object_path
from tests.helpers import md5
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import Git, run
from tests.pipelines.store import DAMAGED, MODEL, cache, damage, fsck, head, train

pytestmark = pytest.mark.slow


@pytest.fixture
def remote(toy: Path) -> Path:
    """The folder that is the remote, with all that the cache has."""
    store = toy.parent / "store"
    dvc(toy, "remote", "add", "--local", "--default", "store", str(store))
    dvc(toy, "push")
    return store


@pytest.mark.usefixtures("remote")
def test_intact_store_is_reported(toy: Path) -> None:
    code, output = fsck(toy)
    assert code == 0
    # raw.txt, model.txt, and the copy of metrics.json, which Git holds, for earlier results.
    assert output == "3 objects checked: 0 repaired, 0 quarantined, 0 lost; 0 commits unreadable.\n"


@pytest.mark.core
def test_damaged_object_is_fetched_again_from_the_remote(toy: Path, remote: Path, git: Git) -> None:
    assert remote.exists()
    damage(cache(toy), MODEL)
    code, output = fsck(toy)
    assert code == 0
    assert f"repaired    {MODEL} model.txt: damaged in the cache, moved to " in output
    assert f"fetched again; needed by {head(git)}\n" in output
    assert object_path(cache(toy), MODEL).read_bytes() == b"fast 2 one\n"
    (aside,) = (cache(toy) / "quarantine").iterdir()
    assert aside.name == f"{MODEL}-is-{md5(DAMAGED)}"
    assert aside.read_bytes() == b"damaged\n"
    assert fsck(toy)[1].startswith("3 objects checked: 0 repaired")


def test_truncated_object_without_a_remote_is_lost(toy: Path, git: Git) -> None:
    damage(cache(toy), MODEL, b"fast")
    code, output = fsck(toy)
    assert code == 3
    assert f"lost        {MODEL} model.txt: damaged in the cache, moved to " in output
    assert f", lost; needed by {head(git)}\n" in output
    assert not object_path(cache(toy), MODEL).exists()


def test_damaged_object_of_the_remote_is_uploaded_again(toy: Path, remote: Path) -> None:
    damage(remote, MODEL)
    code, output = fsck(toy)
    assert code == 0
    assert "damaged in the remote, moved to quarantine there, uploaded again" in output
    assert object_path(remote, MODEL).read_bytes() == b"fast 2 one\n"
    assert (remote / "quarantine" / MODEL).read_bytes() == b"damaged\n"


def test_object_missing_on_one_side_is_not_an_error(toy: Path, remote: Path) -> None:
    object_path(cache(toy), MODEL).unlink()
    object_path(remote, md5(b"one\n")).unlink()
    assert fsck(toy) == (
        0,
        "3 objects checked: 0 repaired, 0 quarantined, 0 lost; 0 commits unreadable.\n",
    )


def test_object_missing_on_both_sides_is_lost(toy: Path, remote: Path, git: Git) -> None:
    for store in (cache(toy), remote):
        object_path(store, MODEL).unlink()
    code, output = fsck(toy)
    assert code == 3
    assert f"lost        {MODEL} model.txt: missing, lost; needed by {head(git)}\n" in output


def test_objects_of_older_commits_are_checked(toy: Path, git: Git) -> None:
    first = head(git)
    train(toy, 3)
    damage(cache(toy), MODEL)
    code, output = fsck(toy)
    assert (code, f"needed by {first}\n" in output) == (3, True)
    assert "5 objects checked" in output


def test_without_all_only_what_is_kept_is_checked(toy: Path, git: Git) -> None:
    git("branch", "runs/1")
    train(toy, 3)
    damage(cache(toy), MODEL)
    code, output = fsck(toy, "--runs", "0")
    assert (code, f"quarantined {MODEL}: damaged in the cache" in output) == (0, True)
    code, output = fsck(toy, "--runs", "1")
    assert (code, f"lost        {MODEL} model.txt: missing" in output) == (3, True)


def test_nothing_is_lost_in_a_new_clone(toy: Path) -> None:
    train(toy, 3)
    clone = toy.parent / "clone"
    run(toy.parent, "git", "clone", "--quiet", "toy", "clone")

    code, output = fsck(clone)

    assert code == 0
    assert f"absent      {MODEL} model.txt: never in this cache, and there is no remote" in output
    assert "0 lost" in output
    assert output.endswith(
        "never in this cache; to create those of a commit, check it out and run `make repro`.\n"
    )
    # What this clone has made can be lost, and what only the other one has made cannot.
    dvc(clone, "repro")
    made = md5(b"fast 3 one\n")
    object_path(cache(clone), made).unlink()
    code, output = fsck(clone)
    assert code == 3
    assert f"lost        {made} model.txt: missing" in output
    assert f"absent      {MODEL} model.txt" in output


def test_files_of_a_folder_and_its_list_are_checked(toy: Path, remote: Path, git: Git) -> None:
    (toy / "dvc.yaml").write_text(
        "stages:\n  many:\n    cmd: mkdir -p many && echo a > many/a && echo b > many/b\n"
        "    outs: [many]\n"
    )
    dvc(toy, "repro")
    dvc(toy, "push")
    git("add", "--all")
    git("commit", "--quiet", "-m", "A folder")
    (listed,) = (p.parent.name + p.name for p in cache(toy).rglob("*.dir"))
    of_a, of_b = md5(b"a\n"), md5(b"b\n")
    damage(cache(toy), of_a)
    damage(remote, of_b)
    object_path(cache(toy), listed).unlink()
    code, output = fsck(toy)
    assert code == 0
    assert f"repaired    {of_a} many/a: damaged in the cache" in output
    assert f"repaired    {of_b} many/b: damaged in the remote" in output
    damage(remote, listed)
    code, output = fsck(toy)
    assert (
        code,
        f"lost        {listed} many: damaged in the remote, lost" in output,
    ) == (
        3,
        True,
    )


@pytest.mark.parametrize("text", ["{", "stages: {a: 3}", "stages: {a: {outs: [{path: x}]}}"])
def test_commit_with_an_unreadable_lock_is_reported(toy: Path, git: Git, text: str) -> None:
    (toy / "dvc.lock").write_text(text)
    git("commit", "--quiet", "--all", "-m", "Break it")
    code, output = fsck(toy)
    assert code == 3
    assert "unreadable " in output
    assert f"dvc.lock of {head(git)}" in output
    assert "3 objects checked: 0 repaired, 0 quarantined, 0 lost; 1 commits unreadable." in output


def test_damaged_object_that_no_commit_needs_is_quarantined(toy: Path) -> None:
    """What Git holds, the cache has too, for DVC to restore an earlier result by."""
    metrics = md5((toy / "reports" / "metrics.json").read_bytes())
    damage(cache(toy), metrics)
    code, output = fsck(toy)
    assert (code, f"quarantined {metrics}: damaged in the cache, moved to " in output) == (0, True)
    assert "0 repaired, 1 quarantined, 0 lost" in output
    assert not object_path(cache(toy), metrics).exists()
