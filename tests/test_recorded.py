import subprocess
from pathlib import Path

import pytest

from stages.recorded import RecordError, recorded_table


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of one table, and a third one without it."""
    monkeypatch.chdir(tmp_path)

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "--initial-branch=main")
    for text in ("index,label\n1,7\n", "index,label\n2,8\n"):
        (tmp_path / "table.csv").write_text(text)
        git("add", "table.csv")
        git("commit", "--message", "table")
    git("rm", "table.csv")
    git("commit", "--message", "none")
    return tmp_path


def test_each_commit_has_its_own(repository: Path) -> None:
    (repository / "table.csv").write_text("not what any commit has")

    assert recorded_table("main~1", Path("table.csv")).to_numpy().tolist() == [[2, 8]]
    assert recorded_table("main~2", Path("table.csv")).to_numpy().tolist() == [[1, 7]]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("commit", ["nowhere", "main~9", "--output=x", ""])
def test_what_is_no_commit_is_named(commit: str) -> None:
    with pytest.raises(RecordError, match="expected a commit that Git knows, found"):
        recorded_table(commit, Path("table.csv"))


@pytest.mark.usefixtures("repository")
def test_a_commit_without_it_is_named() -> None:
    with pytest.raises(RecordError, match=r"main: expected table\.csv in it, found none"):
        recorded_table("main", Path("table.csv"))
