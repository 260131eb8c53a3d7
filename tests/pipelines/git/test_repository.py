"""Worktrees and commits of runs in repositories as users set them up."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.git.repository import Repository, commit_changes
from tests.helpers import pipelines
from tests.pipelines.repositories import isolate, run

PROJECT_COMMANDS = (
    "repro",
    "diff",
    "errors",
    "gate",
    "promote",
    "rollback production",
    "verify",
    "fsck",
    "space",
    "gc",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, and a home without settings."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return begin(tmp_path / "repository")


def begin(folder: Path) -> Path:
    run(folder.parent, "git", "init", "--quiet", "--initial-branch=main", folder.name)
    (folder / "a.txt").write_text("one\n")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "-m", "Begin")
    return folder


def commit_a_run(folder: Path) -> str | None:
    """Change a file in a worktree and commit it, as a run does."""
    repository = Repository(folder)
    with repository.worktree(repository.commit_of("main"), "run") as worktree:
        (worktree / "a.txt").write_text("two\n")
        return commit_changes(worktree, "runs/1", "A run")


def forget_identity(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    # Without this, Git makes up an identity of the user's and the machine's name.
    run(folder, "git", "config", "user.useConfigOnly", "true")


@pytest.mark.parametrize(
    "hook", ["post-checkout", "pre-commit", "commit-msg", "post-commit", "reference-transaction"]
)
def test_run_is_committed_though_a_hook_of_the_user_fails(folder: Path, hook: str) -> None:
    path = folder / ".git" / "hooks" / hook
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)

    assert commit_a_run(folder) == "runs/1"
    assert run(folder, "git", "show", "runs/1:a.txt") == "two"


def test_variables_that_git_sets_in_hooks_do_not_move_a_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = begin(folder.parent / "other")
    index = (other / ".git" / "index").read_bytes()
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))

    assert commit_a_run(folder) == "runs/1"

    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert run(folder, "git", "rev-parse", "runs/1~1") == run(folder, "git", "rev-parse", "main")
    assert run(other, "git", "branch", "--format=%(refname:short)") == "main"
    assert (other / ".git" / "index").read_bytes() == index


def test_run_is_committed_though_commits_are_to_be_signed_without_a_key(folder: Path) -> None:
    run(folder, "git", "config", "commit.gpgsign", "true")
    run(folder, "git", "config", "user.signingkey", "nobody")

    assert commit_a_run(folder) == "runs/1"


def test_run_of_a_user_without_identity_is_committed_as_the_pipelines(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_identity(folder, monkeypatch)

    assert commit_a_run(folder) == "runs/1"
    assert run(folder, "git", "log", "-1", "--format=%an, %cn", "runs/1") == "pipeline, pipeline"


@pytest.mark.parametrize("place", ["environment", "configuration"])
def test_author_is_kept_where_git_has_no_committer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    forget_identity(folder, monkeypatch)
    for part, value in (("name", "b"), ("email", "b@example.org")):
        if place == "environment":
            monkeypatch.setenv(f"GIT_AUTHOR_{part.upper()}", value)
        else:
            run(folder, "git", "config", f"author.{part}", value)

    assert commit_a_run(folder) == "runs/1"
    assert run(folder, "git", "log", "-1", "--format=%an, %cn", "runs/1") == "b, pipeline"


def test_worktree_of_a_killed_run_is_removed_and_the_users_on_an_absent_disk_stays(
    folder: Path,
) -> None:
    own = folder.parent / "own"
    run(folder, "git", "worktree", "add", "--quiet", "--detach", str(own))
    own.rename(folder.parent / "not-mounted")
    left = folder / ".git" / "pipeline" / "worktrees" / "run"
    run(folder, "git", "worktree", "add", "--quiet", "--lock", "--detach", str(left))
    (left / "b.txt").write_text("in the making")

    with Repository(folder).worktree("main", "run") as worktree:
        assert worktree == left
        assert not (worktree / "b.txt").exists()

    (folder.parent / "not-mounted").rename(own)
    assert run(own, "git", "status", "--porcelain") == ""
    assert len(run(folder, "git", "worktree", "list").splitlines()) == 2


def test_worktree_whose_folder_was_deleted_is_made_again(folder: Path) -> None:
    left = folder / ".git" / "pipeline" / "worktrees" / "run"
    run(folder, "git", "worktree", "add", "--quiet", "--detach", str(left))
    shutil.rmtree(left)

    with Repository(folder).worktree("main", "run") as worktree:
        assert (worktree / "a.txt").read_text() == "one\n"


@pytest.mark.parametrize(("shared", "mode"), [("group", stat.S_IWGRP | stat.S_ISGID), ("umask", 0)])
def test_group_that_shares_a_repository_shares_the_folder_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: str, mode: int
) -> None:
    isolate(monkeypatch, tmp_path)
    before = os.umask(0o022)
    try:
        run(tmp_path, "git", "init", "--quiet", f"--shared={shared}", "shared")
        repository = Repository(tmp_path / "shared")
        assert repository.state.stat().st_mode & (stat.S_IWGRP | stat.S_ISGID) == mode
    finally:
        os.umask(before)


def test_error_names_the_command_of_git(folder: Path) -> None:
    with pytest.raises(PipelineError, match=r"^git show in .*/repository: fatal: "):
        git(folder, "-c", "user.name=b", "show", "no-such-commit")


def test_conversion_of_line_ends_leaves_every_byte(folder: Path) -> None:
    shutil.copy(Path(__file__).parents[3] / ".gitattributes", folder)
    run(folder, "git", "config", "core.autocrlf", "true")
    run(folder, "git", "add", ".gitattributes")
    run(folder, "git", "commit", "--quiet", "-m", "Keep bytes")

    with Repository(folder).worktree("main", "run") as worktree:
        assert (worktree / "a.txt").read_bytes() == b"one\n"


def test_project_in_a_subfolder_of_a_larger_repository_is_refused_in_one_sentence(
    folder: Path,
) -> None:
    project = folder / "projects" / "digits"
    (project / ".dvc").mkdir(parents=True)
    (project / "stages").mkdir()
    for below in (project, project / "stages"):
        with pytest.raises(
            PipelineError, match=rf"^expected the project at the top .* found {project} within "
        ):
            Repository(below)
    assert Repository(folder).folder == folder

    run(project, "git", "init", "--quiet")

    assert Repository(project / "stages").folder == project


@pytest.mark.parametrize("command", PROJECT_COMMANDS)
def test_every_command_refuses_a_project_in_a_subfolder(folder: Path, command: str) -> None:
    project = folder / "project"
    (project / ".dvc").mkdir(parents=True)
    done = pipelines(project, *command.split())
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: expected the project at the top of its Git repository")
    assert len(done.err.splitlines()) == 1
