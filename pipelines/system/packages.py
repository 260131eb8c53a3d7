"""Compare the installed packages with a lock file."""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

_QUOTED = 3


class Comparison(NamedTuple):
    """The comparison of an environment with a lock file."""

    lock: str
    """Name of the lock file."""
    pins: int
    """Number of pinned packages that apply to this machine."""
    wrong: Sequence[str]
    """Packages that are missing or have another version, each as `numpy==2.1.0 (found none)`."""

    @property
    def sentence(self) -> str:
        """Return a sentence about the differences."""
        if not self.wrong:
            return f"All {self.pins} packages match {self.lock}."
        more = ", ..." if len(self.wrong) > _QUOTED else ""
        quoted = ", ".join(self.wrong[:_QUOTED]) + more
        return (
            f"{len(self.wrong)} of {self.pins} packages differ from {self.lock}: expected {quoted}."
        )


def lock_file_of(environment: Path) -> str:
    """Return the lock file that ``make setup`` used for an environment, or else the default one."""
    marker = ".installed-from-"
    names = [path.name.removeprefix(marker) for path in environment.glob(f"{marker}*.lock")]
    return names[0] if names else "requirements.lock"


def compare_packages(lock: Path) -> Comparison:
    """Compare the packages of the current environment with a lock file."""
    lines = lock.read_text().splitlines()
    # This skips comments and hashes; hashes are indented.
    pins = [Requirement(line.removesuffix("\\")) for line in lines if line[:1].isalnum()]
    pins = [pin for pin in pins if not pin.marker or pin.marker.evaluate()]
    wrong = [f"{pin.name}{pin.specifier} ({found})" for pin in pins if (found := _found(pin))]
    return Comparison(lock.name, len(pins), wrong)


def _found(pin: Requirement) -> str | None:
    """Describe what is installed instead of a pinned package; ``None`` if the pin is satisfied."""
    try:
        found = metadata.version(pin.name)
    except metadata.PackageNotFoundError:
        return "found none"
    return None if pin.specifier.contains(found, prereleases=True) else f"found {found}"
