from pathlib import Path

import pytest

from pipelines.dvc.lock_record import lock_at
from pipelines.errors import PipelineError, RecordError
from pipelines.git.commits import contents_of
from tests.pipelines.repositories import isolate, run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A commit with a file, a folder with a file, and a repository within it."""
    isolate(monkeypatch, tmp_path)
    folder = tmp_path / "repository"
    run(tmp_path, "git", "init", "--quiet", "--initial-branch=main", "repository")
    (folder / "a.txt").write_bytes(b"a\xff")
    (folder / "in").mkdir()
    (folder / "in" / "b.txt").write_bytes(b"b")
    (folder / "deep.lock").write_text("[" * 100_000)
    run(folder, "git", "add", "--all")
    gitlink = f"160000,{'1' * 40},inner"
    run(folder, "git", "update-index", "--add", "--cacheinfo", gitlink)
    run(folder, "git", "commit", "--quiet", "-m", "Begin")
    return folder


def test_file_has_an_empty_path_and_a_folder_the_paths_of_its_files(folder: Path) -> None:
    assert contents_of(folder, "HEAD", "a.txt") == {"": b"a\xff"}
    assert contents_of(folder, "HEAD", "in") == {"b.txt": b"b"}
    assert contents_of(folder, "HEAD", "none") == {}


def test_content_that_is_too_large_is_not_read(folder: Path) -> None:
    with pytest.raises(RecordError, match=r"a\.txt of HEAD to have at most 1 bytes, found 2"):
        contents_of(folder, "HEAD", "a.txt", 1)


def test_repository_instead_of_a_file_is_rejected(folder: Path) -> None:
    with pytest.raises(RecordError, match="expected inner of HEAD to be files, found a repository"):
        contents_of(folder, "HEAD", "inner")


def test_object_that_git_has_lost_is_reported(folder: Path) -> None:
    blob = run(folder, "git", "rev-parse", "HEAD:a.txt")
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(PipelineError) as refused:
        contents_of(folder, "HEAD", "a.txt")
    assert "\n" not in str(refused.value)


def test_lock_that_dvc_did_not_write_is_rejected(folder: Path) -> None:
    assert lock_at(folder, "HEAD", "none.lock") == {}
    with pytest.raises(
        RecordError, match=r"^deep\.lock of HEAD: expected a YAML file, found values"
    ):
        lock_at(folder, "HEAD", "deep.lock")
