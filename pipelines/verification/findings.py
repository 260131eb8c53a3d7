"""Compare each artifact of a rerun with the one that a commit records."""

from pathlib import Path
from typing import Literal, NamedTuple

from pipelines.dvc.outputs import Output
from pipelines.errors import DamagedError, PipelineError
from pipelines.verification.first_difference import first_difference
from pipelines.verification.recorded import Record, check_in_git, place
from pipelines.verification.rerun import Rerun
from pipelines.verification.tolerances import tolerance_of

Outcome = Literal["identical", "within tolerance", "differs", "unknown"]


class Finding(NamedTuple):
    """The comparison of an artifact of the rerun with the recorded one."""

    artifact: str
    outcome: Outcome
    detail: str = ""
    """The first difference, the requirement it met, or why the comparison is impossible."""


def compare(
    folder: Path, commit: str, record: Record, run: Rerun, same_class: bool, temporary: Path
) -> list[Finding]:
    """Compare each output that either side has, in the order of the stages.

    Args:
        folder: of the repository.
        commit: hash of the commit of the recorded run.
        record: what the commit records.
        run: the rerun.
        same_class: whether devices of one class made both.
        temporary: an empty folder, for recorded contents.
    """
    found = run.record.outputs
    findings = []
    for path in [*found, *(path for path in record.outputs if path not in found)]:
        if path not in found or path not in record.outputs:
            side = "recorded, not made here" if path not in found else "made here, not recorded"
            findings.append(Finding(path, "differs", side))
        else:
            recorded = record.outputs[path]
            findings.append(
                _compare_output(
                    folder, commit, recorded, run, same_class=same_class, temporary=temporary
                )
            )
    return findings


def _compare_output(
    folder: Path, commit: str, recorded: Output, run: Rerun, *, same_class: bool, temporary: Path
) -> Finding:
    """Compare an output that both sides have; for the arguments see ``compare``."""
    path, here = recorded.path, run.record.outputs[recorded.path]
    try:
        check_in_git(folder, commit, recorded)
    except DamagedError as error:
        return Finding(path, "differs", _both(recorded, here, error))
    if (recorded.md5, recorded.size) == (here.md5, here.size):
        return Finding(path, "identical")
    try:
        before = place(folder, commit, recorded, temporary)
    except PipelineError as error:
        # The hashes alone do not show whether a tolerance is met.
        tolerant = not same_class and tolerance_of(path)
        return Finding(path, "unknown" if tolerant else "differs", _both(recorded, here, error))
    return check_tolerance(path, before, run.folder / path, same_class)


def check_tolerance(path: str, before: Path, after: Path, same_class: bool) -> Finding:
    """Compare an output whose bytes differ from the recorded ones.

    Args:
        path: of the output.
        before: where the recorded one is.
        after: where the rerun's is.
        same_class: whether devices of one class made them.
    """
    tolerance = None if same_class else tolerance_of(path)
    if tolerance is None:
        return Finding(path, "differs", first_difference(before, after))
    try:
        violation = tolerance.violation(before, after)
    except (OSError, ValueError, LookupError) as error:
        violation = f"cannot be read: {' '.join(str(error).split())}"
    if violation:
        return Finding(path, "differs", f"{violation}; required: {tolerance.requirement}")
    return Finding(path, "within tolerance", tolerance.requirement)


def _both(recorded: Output, here: Output, error: PipelineError) -> str:
    hashes = (
        f"recorded MD5 {recorded.md5} and {recorded.size} bytes, here {here.md5} and {here.size}"
    )
    return f"{hashes}; {str(error).rstrip('.')}"
