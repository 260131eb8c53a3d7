"""Find or create a Python environment with the packages that a commit's lock file pins.

``python -m pipelines.system.environment LOCK`` describes the environment that runs it.
"""

import hashlib
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines import PROJECT
from pipelines.errors import MismatchError, PipelineError
from pipelines.system.packages import compare_packages, lock_file_of
from pipelines.system.process import run

# Number of environments to keep; each takes some gigabytes.
_KEPT = 2
# Variables of a make that runs this must not reach the commit's make.
_OWN_MAKE = {"MAKEFLAGS": ""}
# Lines of a failed installation's output that are quoted.
_LAST_LINES = 5


class Environment(BaseModel):
    """The versions in an environment that affect the bytes of a stage's outputs."""

    model_config = ConfigDict(frozen=True)

    python: str
    """Python's major and minor version."""
    tensorflow: str | None
    """TensorFlow's version, if it is installed."""


class Report(BaseModel):
    """An environment's description of itself."""

    environment: Environment
    differs: str
    """How it differs from a lock file, as a sentence; empty if it does not."""


def here() -> Environment:
    """Describe the current environment."""
    try:
        tensorflow = metadata.version("tensorflow")
    except metadata.PackageNotFoundError:
        tensorflow = None
    return Environment(python=".".join(platform.python_version_tuple()[:2]), tensorflow=tensorflow)


def python_for(worktree: Path, environments: Path, log: Callable[[str], object]) -> Path:
    """Return a Python with the packages of a worktree's lock file; create it if necessary.

    Only the last few created environments are kept.

    Args:
        worktree: worktree of a commit. Without a lock file, it runs in the current environment.
        environments: folder of the created environments, each named by Python's version and the
            hash of its lock file.
        log: called with a line when one is created, which takes minutes.

    Raises:
        PipelineError: the environment cannot be created.
    """
    lock = worktree / lock_file_of(Path(sys.prefix))
    if not lock.exists():
        lock = worktree / "requirements.lock"
    if not lock.exists() or not compare_packages(lock).wrong:
        return Path(sys.executable)
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    place = environments / f"python{here().python}-{digest}"
    python = place / "bin" / "python"
    found = _ask(python, lock)
    if not found or found.differs:
        log(f"creating an environment from {lock.name} of the commit")
        _make(place, lock, worktree)
    place.touch()
    _remove_oldest(environments)
    return python


def check(requested: Environment, python: Path) -> None:
    """Check that a Python's environment is the requested one.

    Raises:
        MismatchError: its Python or its TensorFlow has another version.
        PipelineError: the Python does not work.
    """
    found = here() if python == Path(sys.executable) else _environment_of(python)
    if found != requested:
        raise MismatchError(
            f"expected {_described(requested)}, as on the submitting machine, found "
            f"{_described(found)} on the worker; create its environment with "
            "these versions; the stage was not run."
        )


def _environment_of(python: Path) -> Environment:
    if not (report := _ask(python)):
        place = python.parent.parent
        raise PipelineError(
            f"expected {python} to print the versions of its environment, found that it does not; "
            f"remove the environment, so that the next run creates it again: rm -r {place}; the "
            "stage was not run."
        )
    return report.environment


def _described(environment: Environment) -> str:
    return f"Python {environment.python} and TensorFlow {environment.tensorflow or 'none'}"


def _ask(python: Path, lock: Path | None = None) -> Report | None:
    """Have a Python describe its environment; ``None`` if it does not exist or is incomplete."""
    lines: list[str] = []
    command = [str(python), "-m", "pipelines.system.environment"]
    command += [str(lock)] if lock else []
    if not python.exists() or run(command, PROJECT, lines.append):
        return None
    try:
        return Report.model_validate_json(lines[-1])
    except (IndexError, ValidationError):
        return None


def _remove_oldest(environments: Path) -> None:
    newest_first = sorted(
        environments.iterdir(), key=lambda place: place.stat().st_mtime, reverse=True
    )
    for place in newest_first[_KEPT:]:
        shutil.rmtree(place)


def _make(place: Path, lock: Path, worktree: Path) -> None:
    """Create an environment with the commit's own Makefile."""
    lines: list[str] = []
    extra = lock.stem.removeprefix("requirements").removeprefix("-")
    settings = (f"VENV={place}", f"EXTRA={extra}", f"PYTHON={sys.executable}")
    place.parent.mkdir(parents=True, exist_ok=True)
    command = ["make", "--always-make", "setup", *settings]
    if run(command, worktree, lines.append, environment=_OWN_MAKE):
        reason = " ".join(lines[-_LAST_LINES:])
        raise PipelineError(
            f"expected make setup to create the environment of {lock.name}, found: {reason}"
        )


def main(arguments: Sequence[str]) -> None:
    """Print the description of the current environment as one line of JSON."""
    found = compare_packages(Path(arguments[0])) if arguments else None
    differs = found.sentence if found and found.wrong else ""
    sys.stdout.write(Report(environment=here(), differs=differs).model_dump_json() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
