import subprocess
from pathlib import Path

import pytest

from stages.tools.recorded import RecordError, recorded_errors

HEADER = "index,label,predicted,label_name,predicted_name,confidence,label_probability"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of one table, and a third one without it."""
    monkeypatch.chdir(tmp_path)

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "--initial-branch=main")
    for index in (1, 2):
        (tmp_path / "table.csv").write_text(f"{HEADER}\n{index},0,1,a,b,1,0\n")
        git("add", "table.csv")
        git("commit", "--message", "table")
    git("rm", "table.csv")
    git("commit", "--message", "none")
    (tmp_path / "table.csv").mkdir()
    (tmp_path / "table.csv" / "table.csv").touch()
    git("add", "table.csv")
    git("commit", "--message", "folder")
    git("tag", "folder")
    git("reset", "--hard", "HEAD~1")
    return tmp_path


def test_each_commit_has_its_own(repository: Path) -> None:
    (repository / "table.csv").write_text("not what any commit has")

    assert [row.index for row in recorded_errors("main~1", Path("table.csv"))] == [2]
    assert [row.index for row in recorded_errors("main~2", Path("table.csv"))] == [1]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("commit", ["nowhere", "main~9", "--output=x", ""])
def test_what_is_no_commit_is_named(commit: str) -> None:
    with pytest.raises(RecordError, match="expected a commit that Git knows, found"):
        recorded_errors(commit, Path("table.csv"))


@pytest.mark.usefixtures("repository")
def test_a_commit_without_it_is_named() -> None:
    with pytest.raises(RecordError, match=r"main: expected table\.csv in it, found none"):
        recorded_errors("main", Path("table.csv"))


@pytest.mark.usefixtures("repository")
def test_a_folder_is_no_table() -> None:
    with pytest.raises(RecordError, match=r"folder: expected table\.csv in it, found none"):
        recorded_errors("folder", Path("table.csv"))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "expected a CSV file, found no header"),
        (HEADER.encode() + b"\n1\n", "expected a CSV file, found 1 of 7 cells at line 2"),
        (HEADER.encode() + b"\n" + b"1" * (1 << 26), "expected at most 67108864 bytes, found more"),
        (b"\xff", "expected a CSV file, found a byte that is not UTF-8 at offset 0"),
    ],
)
def test_a_damaged_table_is_a_sentence(repository: Path, content: bytes, found: str) -> None:
    (repository / "table.csv").write_bytes(content)
    for command in (["add", "table.csv"], ["commit", "--quiet", "--message", "damaged"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *command], check=True
        )

    with pytest.raises(RecordError) as refused:
        recorded_errors("main", Path("table.csv"))

    assert str(refused.value) == f"main: table.csv: {found}; run the pipeline there and commit."
