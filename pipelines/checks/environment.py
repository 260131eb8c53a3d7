"""Whether Python and its packages are those that the project was locked with."""

import platform
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pipelines.checks.result import Result

# Plain `make setup` leaves alone an environment that is newer than its lock file.
_SETUP = "make --always-make setup"
_QUOTED = 3


def examine(folder: Path) -> Iterator[Result]:
    """Check the environment that runs this, against the project in a folder."""
    yield python(folder / "pyproject.toml")
    yield packages(folder / lock_of(Path(sys.prefix)))


def python(project: Path) -> Result:
    """Check Python's version against ``requires-python`` of a ``pyproject.toml``."""
    found = platform.python_version()
    expected = tomllib.loads(project.read_text())["project"]["requires-python"]
    if SpecifierSet(expected).contains(found, prereleases=True):
        return Result("Python", "ok", f"{found}, and {expected} is expected.")
    mend = f"{_SETUP} PYTHON=python3.12"
    return Result("Python", "missing", f"Expected {expected}, found {found}.", mend)


def lock_of(environment: Path) -> str:
    """Name the lock file that ``make setup`` made an environment from, or else the plain one."""
    marker = ".installed-from-"
    names = [path.name.removeprefix(marker) for path in environment.glob(f"{marker}*.lock")]
    return names[0] if names else "requirements.lock"


def packages(lock: Path) -> Result:
    """Check the installed packages against those of a lock file that are for this machine."""
    lines = lock.read_text().splitlines()
    # Comments, and hashes, which are indented, are left out.
    pins = [Requirement(line.removesuffix("\\")) for line in lines if line[:1].isalnum()]
    pins = [pin for pin in pins if not pin.marker or pin.marker.evaluate()]
    wrong = [f"{pin.name}{pin.specifier} ({found})" for pin in pins if (found := _differs(pin))]
    if not wrong:
        return Result("packages", "ok", f"All {len(pins)} are as {lock.name} pins them.")
    more = ", ..." if len(wrong) > _QUOTED else ""
    quoted = ", ".join(wrong[:_QUOTED]) + more
    mend = _SETUP + (" EXTRA=gpu" if "gpu" in lock.name else "")
    finding = f"{len(wrong)} of {len(pins)} differ from {lock.name}: expected {quoted}."
    return Result("packages", "missing", finding, mend)


def _differs(pin: Requirement) -> str | None:
    """Say what is there in place of what is pinned; nothing if that is there."""
    try:
        found = metadata.version(pin.name)
    except metadata.PackageNotFoundError:
        return "found none"
    return None if pin.specifier.contains(found, prereleases=True) else f"found {found}"
