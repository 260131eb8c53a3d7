from pathlib import Path

import pytest

from pipelines.system import packages


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-gpu.lock"])
def test_the_lock_is_the_one_that_the_environment_was_made_from(lock: str, tmp_path: Path) -> None:
    (tmp_path / f".installed-from-{lock}").touch()
    assert packages.lock_file_of(tmp_path) == lock


def test_an_environment_made_otherwise_is_held_to_the_plain_lock(tmp_path: Path) -> None:
    assert packages.lock_file_of(tmp_path) == "requirements.lock"
