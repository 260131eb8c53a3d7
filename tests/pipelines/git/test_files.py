from pathlib import Path

import pytest

from pipelines.errors import PipelineError, RecordError
from pipelines.git.files import GitFile, files_in, listing, read_files, sizes_of
from tests.pipelines.repositories import run

# What `git hash-object` gives for an empty file.
EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with files of all kinds in its only commit."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "a")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")
    run(tmp_path, "git", "init", "--quiet")
    (tmp_path / "a b").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "c\nd").write_bytes(b"1\n\0\xff\n")
    (tmp_path / "run.sh").touch(mode=0o755)
    (tmp_path / "link").symlink_to("a b")
    run(tmp_path, "git", "add", "--all")
    run(tmp_path, "git", "commit", "--quiet", "-m", "Begin")
    return tmp_path


def test_files_of_a_commit_are_listed_with_their_modes(folder: Path) -> None:
    found = files_in(listing(folder, "HEAD"))
    assert {path: file.mode for path, file in found.items()} == {
        "a b": "100644",
        "in/c\nd": "100644",
        "link": "120000",
        "run.sh": "100755",
    }
    assert found["a b"] == GitFile("100644", "blob", EMPTY)


def test_listing_that_exceeds_the_limit_is_rejected(folder: Path) -> None:
    size = len(listing(folder, "HEAD"))
    assert len(listing(folder, "HEAD", size)) == size
    with pytest.raises(RecordError, match=f"to have at most {size - 1} bytes, found more"):
        listing(folder, "HEAD", size - 1)


def test_commit_that_git_lacks_is_reported(folder: Path) -> None:
    with pytest.raises(PipelineError, match="expected Git to have all trees of 0000"):
        listing(folder, "0" * 40)


def test_files_are_measured_and_read(folder: Path) -> None:
    files = files_in(listing(folder, "HEAD"))
    assert sizes_of(folder, files) == {"a b": 0, "in/c\nd": 5, "link": 3, "run.sh": 0}
    assert read_files(folder, files)["in/c\nd"] == b"1\n\0\xff\n"
    assert read_files(folder, files)["link"] == b"a b"
    assert not sizes_of(folder, {})
    assert not read_files(folder, {})


def test_file_that_git_lacks_is_reported(folder: Path) -> None:
    files = {"a": GitFile("100644", "blob", "0" * 40)}
    for read in (sizes_of, read_files):
        with pytest.raises(PipelineError, match="expected Git to have a, found none"):
            read(folder, files)


def test_name_that_occurs_twice_is_rejected() -> None:
    line = f"100644 blob {EMPTY}\ta".encode()
    with pytest.raises(RecordError, match="each file once in a commit, found a twice"):
        files_in(b"\0".join([line, line, b""]))


def test_name_that_is_not_utf_8_is_kept() -> None:
    assert list(files_in(f"100644 blob {EMPTY}\t".encode() + b"\xff\0")) == ["\udcff"]
