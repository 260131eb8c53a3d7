"""Run a commit's pipeline again and compare every output with the commit's record.

On a device of the same class every output must have the same bytes. On another class it must be
within the tolerances of ``pipelines.verification.tolerances``.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pipelines import PROVENANCE
from pipelines.git.commits import contents_of
from pipelines.git.repository import Repository
from pipelines.verification.device import device_difference
from pipelines.verification.findings import Finding, compare
from pipelines.verification.recorded import provenance, recorded
from pipelines.verification.rerun import Log, rerun


class Verification(NamedTuple):
    """The result of verifying a commit."""

    commit: str
    findings: Sequence[Finding]
    stages: int
    """Number of stages that were run, which is all of them."""
    environment: str
    """The environment of the rerun, as a sentence."""
    other_device: str | None
    """How this device's class differs from the recorded one; ``None`` if it does not."""


def verify(repository: Repository, commit: str, lock_fd: int, log: Log) -> Verification:
    """Run a commit's pipeline in a worktree, and compare each output.

    Args:
        repository: the repository with the commit.
        commit: the commit's hash.
        lock_fd: descriptor of the repository's lock.
        log: called with each line that the run prints.

    Raises:
        PipelineError: the commit records no run, or it cannot be run here.
    """
    record = recorded(repository.folder, commit)
    before = provenance(contents_of(repository.folder, commit, PROVENANCE).get(""), record)
    with rerun(repository, commit, lock_fd, log) as run, TemporaryDirectory() as temporary:
        written = run.folder / PROVENANCE
        after = provenance(written.read_bytes() if written.exists() else None, run.record)
        other_device = device_difference(before, after)
        findings = compare(
            repository.folder, commit, record, run, other_device is None, Path(temporary)
        )
        return Verification(commit, findings, len(run.record.stages), run.environment, other_device)


def overall_outcome(findings: Sequence[Finding]) -> str:
    """Return verified, differs or unknown."""
    outcomes = {finding.outcome for finding in findings}
    return next((outcome for outcome in ("differs", "unknown") if outcome in outcomes), "verified")


def summary(revision: str, verification: Verification) -> list[str]:
    """Return sentences about the run, its device and its outcome."""
    findings, other_device = verification.findings, verification.other_device
    counts = {
        outcome: sum(finding.outcome == outcome for finding in findings)
        for outcome in ("identical", "within tolerance", "differs", "unknown")
    }
    counted = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    result = overall_outcome(findings)
    first = next((finding for finding in findings if finding.outcome == result), None)
    name = f"{revision} ({verification.commit[:7]})"
    return [
        f"All {verification.stages} stages were run. {verification.environment}",
        f"Device: of another class, so tolerances apply: {other_device}."
        if other_device
        else "Device: of the same class, so the bytes must be the same.",
        f"{name} is verified: of {len(findings)} artifacts {counted}."
        if first is None
        else f"{name} is not verified: of {len(findings)} artifacts {counted}; "
        f"the first is {first.artifact}: {first.detail}.",
    ]
