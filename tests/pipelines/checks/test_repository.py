import shlex
import subprocess
from pathlib import Path

import pytest

from pipelines.checks import repository
from pipelines.git.repository import Repository
from pipelines.system.lock import exclusive
from tests.pipelines.repositories import Git


def test_clean_repository_is_ok(toy: Path) -> None:
    results = list(repository.run_checks(toy))
    assert {result.state for result in results} == {"ok"}
    assert [result.part for result in results] == [
        "Git", "repository", "Git identity", "working copy", "run lock"
    ]  # fmt: skip


def test_missing_git_ends_the_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (result,) = repository.run_checks(tmp_path)
    assert (result.part, result.state) == ("Git", "missing")
    assert result.finding == "Expected Git 2.31 or newer, found none."


@pytest.mark.parametrize("output", ["git version 2.30.9", "nothing of the kind"])
def test_outdated_git_is_reported(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho {output}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = repository.version()
    assert result.state == "missing"
    assert result.finding == f"Expected Git 2.31 or newer, found {output}."


def test_folder_outside_of_git_ends_the_checks(tmp_path: Path) -> None:
    *_, result = repository.run_checks(tmp_path)
    assert (result.part, result.state) == ("repository", "missing")
    assert "not a git repository" in result.finding
    assert result.fix.startswith("git init")


def test_suggested_command_fixes_a_repository_of_another_user(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GIT_CONFIG_COUNT", raising=False)
    # Git's own tests pretend so.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    result = repository.repository(toy)
    assert result.state == "missing"
    assert result.fix.startswith("git config --global --add safe.directory ")
    subprocess.run(shlex.split(result.fix), check=True)
    assert repository.repository(toy).state == "ok"


def test_missing_identity_is_a_warning(
    toy: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.setenv("HOME", str(toy))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    result = repository.identity(toy)
    assert result.state == "warning"
    assert result.fix.startswith("git config user.name")
    git("config", "user.name", "a")
    git("config", "user.email", "a@example.org")
    assert repository.identity(toy).finding == "Commits are by a <a@example.org>."


def test_edited_and_new_files_are_a_warning(toy: Path) -> None:
    (toy / "source.txt").write_text("edited\n")
    (toy / "new.txt").touch()
    result = repository.working_copy(toy)
    assert result.state == "warning"
    assert "found 2;" in result.finding


def test_active_run_is_named_until_it_ends(toy: Path) -> None:
    path = Repository(toy).state / "lock"
    with exclusive(path, "the first run", "cancel", str):
        assert repository.lock(path).finding == "Held by the first run; other runs wait for it."
    assert repository.lock(path).finding == "No run holds it."
