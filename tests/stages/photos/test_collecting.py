import os
from pathlib import Path

import pytest

from stages.photos.collecting import CollectError, collect, ensure


def test_files_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", ".hidden"):
        (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "folder").mkdir()

    files, refused = collect(tmp_path, maximum_bytes=5)

    assert list(files.items()) == [("a.jpg", tmp_path / "a.jpg"), ("b.png", tmp_path / "b.png")]
    assert not refused


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    assert collect(tmp_path) == ({}, {})


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"1")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.png").symlink_to(tmp_path / "secret")
    (folder / "b").symlink_to(tmp_path)

    files, refused = collect(folder)

    assert not files
    assert list(refused) == ["a.png", "b"]
    assert "found a link, which is not followed" in refused["a.png"]


def test_too_large_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"123456")

    files, refused = collect(tmp_path, maximum_bytes=5)

    assert not files
    assert refused["a.png"] == "expected at most 5 bytes, found 6; make it smaller."


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert collect(tmp_path).refused["pipe"].startswith("expected a file")


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "handwriting"
    ensure(folder)
    (folder / "7.png").write_bytes(b"seven")

    ensure(folder)

    assert (folder / "7.png").read_bytes() == b"seven"


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "handwriting"
    path.write_bytes(b"")

    with pytest.raises(CollectError, match="handwriting: expected a folder"):
        ensure(path)


def test_a_name_that_is_not_utf_8_is_refused_and_shown_escaped(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b.png")).touch()

    found = collect(tmp_path)

    assert found.files == {}
    assert found.refused == {
        r"\udcff\x1b.png": "expected a name in UTF-8, found another encoding; rename it."
    }


@pytest.mark.parametrize("name", ["7\r.png", "7\n.png", "7\x1b.png", "7\x85.png"])
def test_a_name_with_a_control_character_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    files, refused = collect(tmp_path)

    assert not files
    assert list(refused.values()) == [
        "expected a name without control characters, found some in it; rename it."
    ]
