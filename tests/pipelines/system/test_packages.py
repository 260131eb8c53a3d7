from pathlib import Path

import pytest

from pipelines.system import packages


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-gpu.lock"])
def test_lock_file_is_the_one_that_created_the_environment(lock: str, tmp_path: Path) -> None:
    (tmp_path / f".installed-from-{lock}").touch()
    assert packages.lock_file_of(tmp_path) == lock


def test_other_environments_are_compared_with_the_default_lock_file(tmp_path: Path) -> None:
    assert packages.lock_file_of(tmp_path) == "requirements.lock"
