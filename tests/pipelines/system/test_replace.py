from pathlib import Path

import pytest

from pipelines.system.replace import replace_all


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A folder with a new file and a new folder."""
    (tmp_path / "new" / "folder").mkdir(parents=True)
    (tmp_path / "new" / "file").write_text("new")
    (tmp_path / "new" / "folder" / "a").write_text("new")
    return tmp_path / "new"


def contents(folder: Path) -> dict[str, str | None]:
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_files_and_folders_are_replaced_by_each_other(tmp_path: Path, new: Path) -> None:
    here = tmp_path / "here"
    (here / "a").mkdir(parents=True)
    (here / "a" / "b").write_text("old")
    (here / "c").write_text("old")
    replace_all([(new / "file", here / "a"), (new / "folder", here / "c")])
    assert contents(here) == {"a": "new", "c": None, "c/a": "new"}


def test_missing_folders_are_created(tmp_path: Path, new: Path) -> None:
    replace_all([(new / "file", tmp_path / "here" / "a" / "b")])
    assert contents(tmp_path / "here") == {"a": None, "a/b": "new"}


def test_link_is_replaced_instead_of_what_it_points_to(tmp_path: Path, new: Path) -> None:
    (tmp_path / "other").write_text("old")
    (tmp_path / "link").symlink_to("other")
    replace_all([(new / "file", tmp_path / "link")])
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "other").read_text() == "old"


def test_all_is_as_before_if_one_cannot_be_moved(tmp_path: Path, new: Path) -> None:
    here = tmp_path / "here"
    (here / "a").mkdir(parents=True)
    (here / "a" / "b").write_text("old")
    (here / "c").write_text("old")
    before = contents(here)
    moves = [(new / "file", here / "a"), (new / "folder", here / "more" / "d" / "e")]
    (new / "last").touch()
    with pytest.raises(NotADirectoryError):
        replace_all([*moves, (new / "last", here / "c" / "d")])
    assert contents(here) == before
    with pytest.raises(FileNotFoundError):
        replace_all([*moves, (new / "none", here / "c")])
    assert contents(here) == before
    replace_all(moves)
    assert contents(here)["more/d/e/a"] == "new"
