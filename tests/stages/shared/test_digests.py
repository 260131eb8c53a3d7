from pathlib import Path

from stages.shared.digests import md5_of


def test_the_md5_is_that_of_md5sum(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")

    # `printf hello | md5sum`
    assert md5_of(tmp_path / "file") == "5d41402abc4b2a76b9719d911017c592"
