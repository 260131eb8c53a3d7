import os
from pathlib import Path

import pytest

from stages.dataset import sources
from stages.dataset.source import SourceError
from stages.dataset.sources import describe
from stages.dataset.transfer import TransferError
from stages.params.dataset import FolderSource, NpmSource, Source, WebSource
from tests.stages.dataset.content import content_of

CONTENT = b"content of the file" * 1000


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_a_folder_gives_its_file_under_either_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CONTENT)

    assert content_of(FolderSource(kind="folder", path=str(tmp_path)), "file") == CONTENT


def test_a_file_of_a_folder_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.truncate(tmp_path / "file", sources.LARGEST_FILE + 1)

    with pytest.raises(TransferError, match="expected at most 1,099,511,627,776 bytes, found more"):
        content_of(FolderSource(kind="folder", path=str(tmp_path)), "file")


def test_a_pipe_of_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")

    with pytest.raises(TransferError, match="no such file"):
        content_of(FolderSource(kind="folder", path=str(tmp_path)), "file")


def test_a_folder_without_the_file_has_only_that_against_it(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()

    with pytest.raises(TransferError, match="no such file"):
        content_of(FolderSource(kind="folder", path=str(tmp_path)), "file")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        content_of(FolderSource(kind="folder", path=str(tmp_path / "none")), "file")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (WebSource(kind="web", url="https://example.org/mnist"), "https://example.org/mnist"),
        (
            WebSource(kind="web", url="https://ann:secret@example.org/mnist?token=secret"),
            "https://***@example.org/mnist?***",
        ),
        (
            NpmSource(kind="npm", package="some-package@1.0.0", folder="data"),
            "npm package some-package@1.0.0",
        ),
        (FolderSource(kind="folder", path="a\x1b[31m\u202e\n"), r"a\x1b[31m\u202e\n"),
        (FolderSource(kind="folder", path="some/folder"), "folder some/folder"),
    ],
)
def test_a_source_is_named(source: Source, text: str) -> None:
    assert describe(source).endswith(text)
