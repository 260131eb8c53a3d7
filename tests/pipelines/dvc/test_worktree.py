import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.dvc.command import dvc
from pipelines.dvc.worktree import worktree
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository, commit_changes, home_of
from tests.helpers import ROOT, is_gone, wait_until
from tests.pipelines.runs import process_of_stage

pytestmark = pytest.mark.slow

Git = Callable[..., str]


@pytest.mark.core
def test_worktree_has_the_commit_and_leaves_the_working_copy_unchanged(toy: Path, git: Git) -> None:
    (toy / "source.txt").write_text("edited\n")
    before = git("status", "--porcelain")
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("main"), "run") as folder:
        assert (folder / "source.txt").read_text() == "one\n"
        (folder / "source.txt").write_text("of the run\n")
    assert (toy / "source.txt").read_text() == "edited\n"
    assert git("status", "--porcelain") == before
    assert not folder.exists()
    assert git("worktree", "list", "--porcelain").count("worktree ") == 1


def test_worktree_shares_cache_configuration_and_checkpoints(toy: Path) -> None:
    subprocess.run(["dvc", "config", "--local", "core.autostage", "false"], cwd=toy, check=True)
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("main"), "run") as folder:
        subprocess.run(["dvc", "checkout", "--quiet"], cwd=folder, check=True)
        assert (folder / "model.txt").read_text() == (toy / "model.txt").read_text()
        assert "autostage = false" in (folder / ".dvc" / "config.local").read_text()
        (folder / "models" / "checkpoints" / "kept").touch()
    assert (toy / "models" / "checkpoints" / "kept").exists()


def test_relative_addresses_of_remotes_stay_valid_in_a_worktree(toy: Path, git: Git) -> None:
    for level in ("repo", "local"):
        add = ("remote", "add", "--quiet", *(["--local"] if level == "local" else []))
        subprocess.run(["dvc", *add, level, f"../store-{level}"], cwd=toy, check=True)
    git("add", "--all")
    git("commit", "--quiet", "-m", "Have remotes")
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("main"), "run") as folder:
        for level in ("repo", "local"):
            found = dvc(folder, "config", f"remote.{level}.url")
            assert found == str(toy.parent / f"store-{level}")
        assert home_of(folder) == toy


def test_cold_worktree_shares_only_downloads(toy: Path) -> None:
    (toy / "data" / "downloads").mkdir(parents=True)
    (toy / "data" / "downloads" / "got").touch()
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("main"), "run", cold=True) as folder:
        assert (folder / "data" / "downloads" / "got").exists()
        assert not (folder / "models" / "checkpoints").exists()
        done = subprocess.run(["dvc", "checkout"], cwd=folder, check=False, capture_output=True)
        assert done.returncode != 0
        assert not (folder / "model.txt").exists()
    assert (toy / "data" / "downloads" / "got").exists()


def test_cold_worktree_creates_no_folder_in_the_working_copy(toy: Path) -> None:
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("main"), "run", cold=True):
        pass
    assert not (toy / "data").exists()


def test_worktree_of_a_killed_run_is_removed_by_the_next_run(toy: Path, git: Git) -> None:
    repository = Repository(toy)
    left = repository.state / "worktrees" / "killed"
    git("worktree", "add", "--quiet", "--detach", str(left), "main")
    with worktree(repository, repository.commit_of("main"), "next"):
        assert not left.exists()
    assert git("worktree", "list", "--porcelain").count("worktree ") == 1


def test_changes_become_a_commit_on_a_branch_of_its_own(toy: Path, git: Git) -> None:
    repository = Repository(toy)
    base = repository.commit_of("HEAD")
    with worktree(repository, base, "run") as folder:
        (folder / "source.txt").write_text("two\n")
        assert commit_changes(folder, "runs/a", "Run it\n\nFlow-Run: 1") == "runs/a"
    assert git("rev-parse", "runs/a^", "main").split() == [base, base]
    assert git("diff", "--name-only", "main", "runs/a") == "source.txt"
    assert git("log", "-1", "--format=%(trailers:key=Flow-Run,valueonly)", "runs/a") == "1"


def test_unchanged_files_make_no_commit(toy: Path, git: Git) -> None:
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("HEAD"), "run") as folder:
        assert commit_changes(folder, "runs/a", "Run it") is None
    assert git("branch", "--format=%(refname:short)") == "main"


def test_same_changes_make_no_second_commit(toy: Path, git: Git) -> None:
    repository = Repository(toy)
    for branch, text, machine, expected in (
        ("runs/a", "two\n", "one", "runs/a"),
        ("runs/b", "three\n", "one", "runs/b"),
        ("runs/c", "two\n", "another", "runs/a"),
    ):
        with worktree(repository, repository.commit_of("main"), "run") as folder:
            (folder / "source.txt").write_text(text)
            (folder / "models" / "provenance.json").write_text(machine)
            assert commit_changes(folder, branch, "Run it") == expected
    assert git("branch", "--list", "runs/*", "--format=%(refname:short)").split() == [
        "runs/a",
        "runs/b",
    ]


def test_hooks_of_the_repository_are_not_run(toy: Path) -> None:
    hook = toy / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("HEAD"), "run") as folder:
        (folder / "source.txt").write_text("two\n")
        assert commit_changes(folder, "runs/a", "Run it")


def test_commit_has_a_default_author_if_git_has_none(
    toy: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.setenv("HOME", str(toy))
    git("config", "user.useConfigOnly", "true")
    repository = Repository(toy)
    with worktree(repository, repository.commit_of("HEAD"), "run") as folder:
        (folder / "source.txt").write_text("two\n")
        commit_changes(folder, "runs/a", "Run it")
    assert git("log", "-1", "--format=%an <%ae>", "runs/a") == "pipeline <pipeline@localhost>"


def test_ref_that_names_no_commit_is_rejected(toy: Path) -> None:
    with pytest.raises(PipelineError, match=r"expected a commit, branch or tag .*, found nowhere"):
        Repository(toy).commit_of("nowhere")


def test_ref_is_never_read_as_an_option_of_git(toy: Path) -> None:
    with pytest.raises(PipelineError, match="expected a commit"):
        Repository(toy).commit_of("--all")


def test_folder_outside_of_git_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="not a git repository"):
        Repository(tmp_path)


def test_unreadable_file_of_the_working_copy_is_reported(toy: Path) -> None:
    repository = Repository(toy)
    (toy / "params.yaml").write_bytes(b"recipe: \xff\n")
    assert repository.read("params.yaml", None) == "recipe: \N{REPLACEMENT CHARACTER}\n"
    (toy / "params.yaml").unlink()
    (toy / "params.yaml").mkdir()
    with pytest.raises(PipelineError, match=r"^params\.yaml: expected a text file, found: "):
        repository.read("params.yaml", None)


def test_dvc_ends_with_a_process_that_was_killed(
    toy: Path, set_params: Callable[..., None]
) -> None:
    set_params(seconds=600)
    code = (
        "import sys; from pathlib import Path; from pipelines.dvc.command import dvc;"
        "dvc(Path(sys.argv[1]), 'repro', 'train')"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(toy)], cwd=ROOT) as starter:
        stage = process_of_stage(toy)
        starter.kill()
    wait_until(lambda: is_gone(stage))


def test_error_of_dvc_is_reported_in_its_own_words(toy: Path) -> None:
    with pytest.raises(PipelineError, match=r"^dvc cat in .*: .*invalid choice: 'cat'"):
        dvc(toy, "cat")
