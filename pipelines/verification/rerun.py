"""Run a commit's pipeline again from its sources, without anything kept from earlier runs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from pipelines import PROJECT, PROVENANCE
from pipelines.dvc.lock_record import LARGEST_LOCK, LOCK
from pipelines.dvc.worktree import worktree
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.system.environment import python_for
from pipelines.system.process import run
from pipelines.verification.recorded import Record, read_record
from stages.shared.formats import read_file

_PROGRAM = PROJECT / "pipelines" / "dvc" / "processes" / "rerun.py"
# Lines of a failed program's output that the error quotes.
_LAST_LINES = 5

Log = Callable[[str], object]
"""Called with each line of progress."""


class Rerun(NamedTuple):
    """The result of running a commit's pipeline here."""

    folder: Path
    """The worktree after the run."""
    record: Record
    """The content of its ``dvc.lock`` after the run."""
    environment: str
    """The environment that it ran in, as a sentence."""


@contextmanager
def rerun(repository: Repository, commit: str, lock_fd: int, log: Log) -> Iterator[Rerun]:
    """Run every stage of a commit in a worktree, which exists while the block runs.

    DVC's cache is empty, there are no checkpoints, and ``dvc.lock`` and the provenance of trainings
    are removed first, so that every stage has to run.

    Args:
        repository: the repository with the commit; its working copy is not changed.
        commit: the commit's hash.
        lock_fd: descriptor of the repository's lock, which all processes hold too.
        log: called with each line that the programs print.

    Raises:
        PipelineError: the environment cannot be created, a stage fails, or a stage did not run.
    """
    with worktree(repository, commit, f"verify-{commit[:7]}", cold=True) as folder:
        for name in (LOCK, PROVENANCE):
            (folder / name).unlink(missing_ok=True)
        python, environment = _environment(folder, repository.state / "environments", log)
        ran = _run_stages(folder, python, lock_fd, log)
        if not (folder / LOCK).is_file():
            raise PipelineError(f"expected the run of {commit[:7]} to write {LOCK}, found none.")
        record = read_record(read_file(folder / LOCK, LARGEST_LOCK), f"{LOCK} of the rerun")
        if left := sorted(record.stages - ran):
            raise PipelineError(
                f"expected all {len(record.stages)} stages of {commit[:7]} to run, found that "
                f"{', '.join(left)} did not; run `dvc repro` in a fresh clone to see why."
            )
        yield Rerun(folder, record, environment)


def _environment(folder: Path, environments: Path, log: Log) -> tuple[Path, str]:
    """Return the Python of the environment that a commit locks, and a sentence about it."""
    python = python_for(folder, environments, log)
    if python != Path(sys.executable):
        return (
            python,
            "It ran in a separate environment, made from the commit's lock file.",
        )
    return python, "It ran in the current environment: the commit pins the same packages."


def _run_stages(folder: Path, python: Path, lock_fd: int, log: Log) -> set[str]:
    """Have DVC run all stages, and return the names of those that it ran."""
    # Keep DVC's record of file hashes by path in the worktree, so that it is removed with it.
    temporary = folder / ".dvc" / "tmp"
    environment = {"DVC_SITE_CACHE_DIR": str(temporary / "site")}
    answer = temporary / "ran.json"
    lines: list[str] = []

    def on_line(line: str) -> None:
        if line:
            log(line)
            lines.append(line)

    command = [str(python), "-P", str(_PROGRAM), str(answer)]
    if code := run(command, folder, on_line, locks=[lock_fd], environment=environment):
        reason = " / ".join(lines[-_LAST_LINES:]) or f"exit code {code}"
        raise PipelineError(f"dvc repro failed in a worktree of the commit: {reason}")
    return set(TypeAdapter(list[str]).validate_json(read_file(answer)))
