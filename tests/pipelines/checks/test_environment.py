import sys
from pathlib import Path

import pytest

from pipelines.checks import environment
from tests.helpers import ROOT


def test_python_and_packages_of_the_project_are_ok() -> None:
    states = {result.part: result.state for result in environment.run_checks(ROOT)}
    assert states == {"Python": "ok", "packages": "ok"}


def test_unsupported_python_is_reported(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.11,<3.11"\n')
    result = environment.python(tmp_path / "pyproject.toml")
    assert result.state == "missing"
    assert f"found {sys.version.split()[0]}" in result.finding
    assert result.fix.startswith("make --always-make setup PYTHON=")


def test_missing_and_wrong_packages_are_named_but_not_those_of_other_systems(
    tmp_path: Path,
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# made by a test\n"
        "absent-from-here==1.0 \\\n    --hash=sha256:00\n"
        f"pytest=={pytest.__version__} \\\n    --hash=sha256:00\n"
        "pytest-xdist==0.1 \\\n    --hash=sha256:00\n"
        "pywin32==312 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    )
    result = environment.packages(lock)
    assert result.state == "missing"
    assert result.finding.startswith(
        "2 of 3 packages differ from requirements.lock: "
        "expected absent-from-here==1.0 (found none), pytest-xdist==0.1 (found "
    )
    assert result.fix == "make --always-make setup"


def test_suggested_command_for_a_gpu_environment_keeps_the_gpu_extra(tmp_path: Path) -> None:
    lock = tmp_path / "requirements-gpu.lock"
    lock.write_text("absent-from-here==1.0\n")
    assert environment.packages(lock).fix == "make --always-make setup EXTRA=gpu"
