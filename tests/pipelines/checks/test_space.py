from pathlib import Path

import pytest

from pipelines.checks import space


def test_enough_space_is_ok_for_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    result = space.free_space("a space", tmp_path / "new" / "folder", 1, "a command")
    assert (result.part, result.state, result.fix) == ("a space", "ok", "")


def test_too_little_space_is_reported_with_the_required_space(tmp_path: Path) -> None:
    result = space.free_space("a space", tmp_path, 10**18, "a command")
    assert (result.state, result.fix) == ("missing", "a command")
    assert result.finding.startswith("Expected 1e+09 GB, found ")
    assert result.finding.endswith(f" GB free at {tmp_path}.")


def test_temporary_space_is_checked_where_temporary_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (result,) = space.run_checks()
    assert result.part == "temporary space"
    assert str(tmp_path) in result.finding
