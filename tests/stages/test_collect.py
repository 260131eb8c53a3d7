from pathlib import Path

from stages.collect import main


def test_the_folder_is_there_afterwards(tmp_path: Path) -> None:
    main(tmp_path / "handwriting")

    assert list((tmp_path / "handwriting").iterdir()) == []
