"""What each artifact of a rerun is to the one that a commit records."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from safetensors import SafetensorError

from pipelines.answer import Output
from pipelines.errors import PipelineError
from pipelines.first_difference import first_difference
from pipelines.recorded import Record, check_in_git, place
from pipelines.rerun import Rerun
from pipelines.tolerances import tolerance_of


class Finding(NamedTuple):
    """What an artifact of the rerun is to the recorded one."""

    artifact: str
    verdict: Literal["identical", "within tolerance", "differs"]
    detail: str = ""
    """Where it differs first, or what was demanded of it."""


def compare(
    folder: Path, commit: str, record: Record, run: Rerun, same_class: bool, temporary: Path
) -> list[Finding]:
    """Compare each output that either side has, in the order of the stages.

    Args:
        folder: of the repository.
        commit: the hash of the recorded run's.
        record: what it records.
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
            continue
        output = record.outputs[path]
        try:
            check_in_git(folder, commit, output)
            same = (output.md5, output.size) == (found[path].md5, found[path].size)
            findings.append(
                Finding(path, "identical")
                if same
                else judge(
                    path, place(folder, commit, output, temporary), run.folder / path, same_class
                )
            )
        except PipelineError as error:
            findings.append(Finding(path, "differs", f"{_hashes(output, found)}; {error}"))
    return findings


def judge(path: str, before: Path, after: Path, same_class: bool) -> Finding:
    """Judge an output whose bytes are not the recorded ones.

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
        breach = tolerance.breach(before, after)
    except (OSError, ValueError, LookupError, SafetensorError) as error:
        breach = f"cannot be read: {' '.join(str(error).split())}"
    if breach:
        return Finding(path, "differs", f"{breach}; demanded: {tolerance.demanded}")
    return Finding(path, "within tolerance", tolerance.demanded)


def _hashes(output: Output, found: Mapping[str, Output]) -> str:
    here = found[output.path]
    return f"recorded MD5 {output.md5} and {output.size} bytes, here {here.md5} and {here.size}"
