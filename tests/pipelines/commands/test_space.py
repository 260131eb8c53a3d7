import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import md5, pipelines
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import Git, commit_folder, copy_toy, isolated, run

pytestmark = pytest.mark.slow

SetParams = Callable[..., None]
OF_FOUR = md5(b"fast 4 one\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 2 epochs on main, of 3 on a tag, of 4 to 6 on runs, of 7 on no ref any more."""
    root = tmp_path_factory.mktemp("trained")
    with isolated(root) as patch:
        toy = copy_toy(root / "toy")
        params = (toy / "params.yaml").read_text()
        for epochs in range(3, 8):
            run(toy, "git", "switch", "--quiet", "--detach", "main")
            (toy / "params.yaml").write_text(params.replace("epochs: 2", f"epochs: {epochs}"))
            dvc(toy, "repro")
            run(toy, "git", "add", "--all")
            patch.setenv("GIT_COMMITTER_DATE", f"2026-01-0{epochs}T00:00:00Z")
            run(toy, "git", "commit", "--quiet", "-m", f"{epochs}")
            if epochs == 3:
                run(toy, "git", "tag", "-a", "-m", "Three", "net@v1.0.0")
            elif epochs < 7:
                run(toy, "git", "branch", f"runs/{epochs}")
        run(toy, "git", "switch", "--quiet", "main")
        dvc(toy, "checkout")
    return toy


@pytest.fixture
def models(trained: Path, toy: Path) -> Path:
    """A copy of that repository, in place of the toy."""
    shutil.rmtree(toy)
    shutil.copytree(trained, toy, symlinks=True)
    return toy


def run_command(folder: Path, *arguments: str) -> tuple[int, str]:
    done = pipelines(folder, *arguments)
    return done.code, done.out + done.err


def epochs_in(folder: Path) -> list[int]:
    """The models that the cache has, by their epochs."""
    texts = [p.read_text() for p in (folder / ".dvc" / "cache" / "files").rglob("*") if p.is_file()]
    return sorted(int(text.split()[1]) for text in texts if text.startswith("fast"))


@pytest.mark.core
def test_dry_run_lists_unneeded_objects_and_removes_nothing(models: Path) -> None:
    code, output = run_command(models, "gc", "--runs", "2")
    assert code == 0
    assert output.endswith(
        "4 objects, 112 bytes: not needed; to remove: python -m pipelines gc --runs 2 --force\n"
    )
    assert epochs_in(models) == [2, 3, 4, 5, 6, 7]


def test_working_copy_branches_tags_and_the_newest_runs_are_kept(models: Path) -> None:
    assert run_command(models, "gc", "--runs", "2", "--force")[1].endswith(
        "4 objects, 112 bytes: removed.\n"
    )
    assert epochs_in(models) == [2, 3, 5, 6]
    run(models, "git", "switch", "--quiet", "--detach", "net@v1.0.0")
    dvc(models, "checkout")
    assert (models / "model.txt").read_text() == "fast 3 one\n"
    assert run_command(models, "gc", "--runs", "0", "--force")[0] == 0
    assert epochs_in(models) == [2, 3]


def test_uncommitted_outputs_are_kept(models: Path, set_params: SetParams) -> None:
    set_params(epochs=9)
    dvc(models, "repro")
    run_command(models, "gc", "--runs", "0", "--force")
    assert epochs_in(models) == [2, 3, 9]


def test_unreadable_lock_stops_the_removal(models: Path, git: Git) -> None:
    """What it needs is not known."""
    git("switch", "--quiet", "--create", "broken")
    (models / "dvc.lock").write_text("stages: {a: 3}")
    git("commit", "--quiet", "--all", "-m", "Break it")
    code, output = run_command(models, "gc", "--force")
    assert code == 1
    assert output.startswith("error: expected dvc.lock of ")
    assert epochs_in(models) == [2, 3, 4, 5, 6, 7]


def test_files_of_folders_are_kept(toy: Path) -> None:
    commit_folder(toy)
    run_command(toy, "gc", "--force")
    (toy / "many" / "a").unlink()
    dvc(toy, "checkout", "--force", "many")
    assert (toy / "many" / "a").read_text() == "a\n"


def test_files_tracked_by_dvc_add_are_kept(toy: Path, git: Git) -> None:
    (toy / "mine.txt").write_text("mine\n")
    dvc(toy, "add", "mine.txt")
    for _ in ("not committed yet", "committed"):
        run_command(toy, "gc", "--force")
        (toy / "mine.txt").unlink()
        dvc(toy, "checkout", "mine.txt.dvc")
        assert (toy / "mine.txt").read_text() == "mine\n"
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "-m", "Mine")


def test_missing_folder_list_stops_the_removal(toy: Path) -> None:
    commit_folder(toy)
    (listed,) = (toy / ".dvc" / "cache" / "files").rglob("*.dir")
    listed.unlink()
    code, output = run_command(toy, "gc", "--force")
    assert (code, "of many, which " in output, "none in the cache or the remote" in output) == (
        1,
        True,
        True,
    )


def test_removed_objects_are_noted_with_their_commits(models: Path, git: Git) -> None:
    run_command(models, "gc", "--runs", "2", "--force")
    noted = (models / ".dvc" / "cache" / "removed-by-gc").read_text()
    assert noted == f"{OF_FOUR} {git('rev-parse', 'runs/4')}\n"


def test_removed_objects_are_noted_after_the_removal_on_a_full_disk(
    models: Path, small_disk: Path, git: Git
) -> None:
    shutil.copytree(models / ".dvc" / "cache", small_disk, dirs_exist_ok=True)
    dvc(models, "cache", "dir", "--local", str(small_disk))
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    assert shutil.disk_usage(small_disk).free == 0
    code, output = run_command(models, "gc", "--runs", "2", "--force")
    assert (code, output.endswith(": removed.\n")) == (0, True), output
    noted = (small_disk / "removed-by-gc").read_text()
    assert noted == f"{OF_FOUR} {git('rev-parse', 'runs/4')}\n"


@pytest.mark.core
def test_table_shows_the_needs_of_commits_and_stages(models: Path, git: Git) -> None:
    git("tag", "six", "runs/6")
    leftover = models / ".dvc" / "cache" / "files" / "md5" / "ab" / "x.tmp"
    leftover.parent.mkdir(exist_ok=True)
    leftover.write_bytes(bytes(888))
    code, output = run_command(models, "space", "--runs", "2")
    assert code == 0
    rows = {line.split("│")[1].strip(): line for line in output.splitlines() if "│" in line}
    # raw.txt is 4 bytes, each model 11, its metrics 45.
    assert [cell.strip() for cell in rows["runs/6, tags/six"].split("│")[2:4]] == [
        "60 bytes",
        "56 bytes",
    ]
    assert [cell.strip() for cell in rows["unneeded"].split("│")[2:4]] == ["1.0 kB", ""]
    assert rows["train"].split("│")[2].strip() == "56 bytes"
    assert "runs/4" not in rows
