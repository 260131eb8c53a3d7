"""A repository with commits to promote."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.repositories import isolate, run
from tests.reports import finished_reports  # noqa: F401 - a fixture

Commit = Callable[[], str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    isolate(monkeypatch, tmp_path)
    run(tmp_path, "git", "init", "--quiet", "--initial-branch=main", "repository")
    return tmp_path / "repository"


@pytest.fixture
def commit(folder: Path) -> Commit:
    """Make a commit that declares two artifacts, and give its hash."""
    (folder / "dvc.yaml").write_text("artifacts: {net: {path: a}, lite: {path: b}}\n")

    def commit() -> str:
        run(folder, "git", "add", "--all")
        run(folder, "git", "commit", "--quiet", "--allow-empty", "-m", "One more")
        return run(folder, "git", "rev-parse", "HEAD")

    return commit
