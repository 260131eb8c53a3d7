"""Run a commit's pipeline anew, from its sources and with nothing that was kept of earlier runs."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pipelines import PROVENANCE
from pipelines.dvc.lock_record import LOCK
from pipelines.dvc.worktree import worktree
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.system.environment import python_for
from pipelines.system.process import run
from pipelines.verification.recorded import Record, read_record

_RUNNING = re.compile(r"^Running stage '(.+)':$")
# Of a failed program's output, what the error quotes.
_LAST_LINES = 5

Say = Callable[[str], object]
"""Is told each line of what goes on."""


class Rerun(NamedTuple):
    """What came of a commit's pipeline here."""

    folder: Path
    """The checkout, as the pipeline left it."""
    record: Record
    """What ``dvc.lock`` there says now."""
    environment: str
    """In which environment it ran, as a sentence."""


@contextmanager
def rerun(repository: Repository, commit: str, lock_fd: int, say: Say) -> Iterator[Rerun]:
    """Run every stage of a commit in a checkout that is there while the block runs.

    DVC's cache is empty, ``dvc.lock`` and the provenance of trainings are removed beforehand, and
    there are no checkpoints, so that there is nothing to take in place of running a stage.

    Args:
        repository: that has the commit, whose working copy is left alone.
        commit: its hash.
        lock_fd: descriptor of the repository's lock, which all processes hold as well.
        say: is told each line that the programs print.

    Raises:
        PipelineError: its environment cannot be made, a stage fails, or one did not run.
    """
    with worktree(repository, commit, f"verify-{commit[:7]}", cold=True) as folder:
        for name in (LOCK, PROVENANCE):
            (folder / name).unlink(missing_ok=True)
        python, environment = _environment(folder, repository.state / "environments", say)
        ran = _run_stages(folder, python, lock_fd, say)
        if not (folder / LOCK).is_file():
            raise PipelineError(f"expected {commit[:7]} to write {LOCK} when it runs, found none.")
        record = read_record((folder / LOCK).read_bytes(), f"{LOCK} of the rerun")
        if left := sorted(record.stages - ran):
            raise PipelineError(
                f"expected all {len(record.stages)} stages of {commit[:7]} to run, found that "
                f"{', '.join(left)} did not; run `dvc repro` in a fresh clone to see why."
            )
        yield Rerun(folder, record, environment)


def _environment(folder: Path, kept: Path, say: Say) -> tuple[Path, str]:
    """Give the Python of the environment that a commit locks, and say which one that is."""
    python = python_for(folder, kept, say)
    if python != Path(sys.executable):
        return (
            python,
            "It ran in an environment of its own, made as the commit's lock file pins it.",
        )
    return python, "It ran in the environment at hand: the commit's lock file pins nothing else."


def _run_stages(folder: Path, python: Path, lock_fd: int, say: Say) -> set[str]:
    """Let DVC run all stages, and name those that it ran."""
    # What DVC remembers of files by their place, which is to go with the checkout.
    environment = {"DVC_SITE_CACHE_DIR": str(folder / ".dvc" / "tmp" / "site")}
    lines: list[str] = []

    def on_line(line: str) -> None:
        if line:
            say(line)
            lines.append(line)

    command = [str(python), "-m", "dvc", "repro"]
    if code := run(command, folder, on_line, held=[lock_fd], environment=environment):
        said = " / ".join(lines[-_LAST_LINES:]) or f"exit code {code}"
        raise PipelineError(f"dvc repro failed in a checkout of the commit: {said}")
    return {found[1] for line in lines if (found := _RUNNING.match(line))}
