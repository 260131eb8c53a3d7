"""Check Python and the installed packages against the project's requirements and lock file."""

import platform
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.specifiers import SpecifierSet

from pipelines.checks.result import CheckResult
from pipelines.system.packages import compare_packages, lock_file_of

# Plain `make setup` skips an environment that is newer than its lock file.
_SETUP = "make --always-make setup"


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check the current environment against the project in a folder."""
    yield python(folder / "pyproject.toml")
    yield packages(folder / lock_file_of(Path(sys.prefix)))


def python(project: Path) -> CheckResult:
    """Check Python's version against ``requires-python`` of a ``pyproject.toml``."""
    found = platform.python_version()
    expected = tomllib.loads(project.read_text())["project"]["requires-python"]
    if SpecifierSet(expected).contains(found, prereleases=True):
        return CheckResult("Python", "ok", f"{found}; {expected} is required.")
    fix = f"{_SETUP} PYTHON=python3.12"
    return CheckResult("Python", "missing", f"Expected {expected}, found {found}.", fix)


def packages(lock: Path) -> CheckResult:
    """Check the installed packages against the pins of a lock file that apply to this machine."""
    found = compare_packages(lock)
    fix = _SETUP + (" EXTRA=gpu" if "gpu" in lock.name else "")
    if found.wrong:
        return CheckResult("packages", "missing", found.sentence, fix)
    return CheckResult("packages", "ok", found.sentence)
