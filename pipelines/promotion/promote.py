"""Promote a commit's model or roll back a promotion, under a lock and in step with a remote."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.git.repository import Repository
from pipelines.promotion import registry, versions
from pipelines.promotion.availability import check_available
from pipelines.promotion.gate import (
    GATE,
    GateReport,
    criteria_of,
    recorded_at,
    run_gate,
)
from pipelines.promotion.results import GATE_INPUTS, at_commit, digests_of
from pipelines.promotion.versions import Version
from pipelines.system.lock import exclusive


class OvertakenError(PipelineError):
    """Another version was promoted in the meantime."""


def promote_commit(
    repository: Repository,
    revision: str,
    remote: str | None,
    log: Callable[[str], object],
    *,
    again: bool = True,
) -> str:
    """Promote a commit, and return a sentence about the version that is promoted now.

    Args:
        repository: the repository with the commit.
        revision: any name of the commit.
        remote: Git remote to push the tags to, or ``None``.
        log: called with a line if another promotion is running.
        again: also promote a version that was promoted before and then replaced.

    Raises:
        OvertakenError: another version was promoted since the gate ran.
        PipelineError: the commit's gate fails or now has another outcome, or a remote refuses.
    """
    folder, commit = repository.folder, repository.commit_of(revision)
    with _promotion_lock(repository, f"promotion of {commit[:7]}", log):
        paths = registry.artifacts_of(folder, commit)
        artifacts = tuple(paths)
        unpushed = _fetch(folder, artifacts, remote)
        report = report_of(folder, commit)
        stage = report.stage
        known = versions.registered(folder, artifacts[0])
        history = versions.stage_history(folder, artifacts[0], stage)
        same = [one for one in known if _are_same_results(folder, one.commit, commit)]
        if history and history[-1] in same:
            has = f"{history[-1].name} ({history[-1].commit[:7]}) has the stage {stage} already"
            return f"{has}{_push_missing(folder, unpushed, remote)}."
        if same and not again:
            return (
                f"nothing is promoted, because these are the results of {same[-1].name}, which "
                f"no longer has the stage {stage}; assign it again: python -m pipelines promote "
                f"{same[-1].commit[:7]}"
            )
        check_not_outdated(folder, commit, report, history)
        check_available(folder, commit, set(paths.values()), pushed=remote is not None)
        named = next((version for version in known if version.commit == commit), None)
        version = named or Version(versions.next_version(folder, artifacts), commit)
        _tag_and_push(folder, artifacts, version, stage, remote, unpushed)
    return f"{version.name} ({commit[:7]}) has the stage {stage} now."


def roll_back(
    repository: Repository, stage: str, remote: str | None, log: Callable[[str], object]
) -> str:
    """Assign a stage to the version that had it before, and return a sentence about it.

    Raises:
        PipelineError: there is no earlier version, or a remote refuses.
    """
    folder = repository.folder
    artifacts = tuple(registry.artifacts_of(folder, "HEAD"))
    with _promotion_lock(repository, f"rollback of {stage}", log):
        unpushed = _fetch(folder, artifacts, remote)
        history = versions.stage_history(folder, artifacts[0], stage)
        pushed = versions.stage_history(folder, artifacts[0], stage, without=unpushed)
        if unpushed and history[-1:] == pushed[-2:-1]:
            # An earlier rollback was not pushed: rolling back again would go one version too far.
            has = (
                f"{history[-1].name} ({history[-1].commit[:7]}) has the stage {stage} again already"
            )
            return f"{has}{_push_missing(folder, unpushed, remote)}."
        if len(history) < 2:  # noqa: PLR2004 - the one that has it, and the one before
            found = f"only {history[0].name}" if history else "none"
            raise PipelineError(
                f"expected an earlier version with the stage {stage}, found {found}."
            )
        before, now = history[-2:]
        _tag_and_push(folder, artifacts, before, stage, remote, unpushed)
    return f"{before.name} ({before.commit[:7]}) has the stage {stage} again, after {now.name}."


def report_of(folder: Path, commit: str) -> GateReport:
    """Return a commit's gate report, which must cover the commit's own results and pass.

    Raises:
        PipelineError: there is no such report, or the results failed the gate.
    """
    name = commit[:7]
    report = recorded_at(folder, commit)
    if report is None:
        raise PipelineError(
            f"{name}: expected {GATE} in the commit, found none; run "
            f"`python -m pipelines gate`, and commit {GATE}."
        )
    if report.digests != digests_of(at_commit(folder, commit)):
        raise PipelineError(
            f"{name}: expected {GATE} for the results of this commit, found it for others; run "
            f"`python -m pipelines gate`, and commit {GATE}."
        )
    if not report.passed:
        raise PipelineError(f"{name}: its model does not pass the gate: {report.failures}.")
    return report


def check_not_outdated(
    folder: Path, commit: str, report: GateReport, history: Sequence[Version]
) -> None:
    """Check the commit's results again, and check that the outcome equals the gate report.

    Raises:
        OvertakenError: another version was promoted since.
        PipelineError: the gate report differs from the current outcome.
    """
    now = history[-1].name if history else "none"
    before = report.promoted.version if report.promoted else "none"
    if now != before:
        raise OvertakenError(
            f"expected {before} to have the stage {report.stage}, as when the gate ran, found "
            f"{now}, promoted since then; run `python -m pipelines gate` again, and commit {GATE}."
        )
    read, name = at_commit(folder, commit), commit[:7]
    criteria = criteria_of(read)
    if criteria is None or run_gate(folder, read, name, criteria, commit) != report:
        raise PipelineError(
            f"{name}: expected {GATE} to match the results and the gate in params.yaml, found a "
            f"difference; run `python -m pipelines gate`, and commit {GATE}."
        )


def _are_same_results(folder: Path, *commits: str) -> bool:
    return not git(folder, "diff", "--name-only", *commits, "--", *GATE_INPUTS)


def _fetch(folder: Path, artifacts: Sequence[str], remote: str | None) -> list[str]:
    """Fetch a remote's tags, if there is a remote, and return the local tags that it lacks."""
    if not remote:
        return []
    unpushed = registry.unpushed(folder, artifacts, remote)
    registry.fetch(folder, artifacts, remote)
    return unpushed


def _push_missing(folder: Path, unpushed: Sequence[str], remote: str | None) -> str:
    """Push tags that an earlier command did not push, and return a clause about them."""
    if not remote or not unpushed:
        return ""
    registry.push(folder, unpushed, remote)
    return f"; pushed the tags that {remote} lacked: {', '.join(unpushed)}"


def _tag_and_push(
    folder: Path,
    artifacts: Sequence[str],
    version: Version,
    stage: str,
    remote: str | None,
    unpushed: Sequence[str],
) -> None:
    made = registry.tag(folder, artifacts, version, stage)
    if not remote:
        return
    try:
        registry.push(folder, [*unpushed, *made], remote)
    except PipelineError as error:
        registry.untag(folder, made)
        registry.fetch(folder, artifacts, remote)
        history = versions.stage_history(folder, artifacts[0], stage)
        winner = f"{history[-1].name} ({history[-1].commit[:7]})" if history else "no version"
        raise OvertakenError(
            f"{version.name} ({version.commit[:7]}) is not promoted: {remote}, where {winner} has "
            f"the stage {stage}, rejected its tags ({error}); the local tags were removed."
        ) from None


def _promotion_lock(
    repository: Repository, owner: str, log: Callable[[str], object]
) -> AbstractContextManager[int]:
    """Lock the repository for one promotion at a time."""
    owner = f"the {owner} (process {os.getpid()})"
    return exclusive(repository.state / "promotion", owner, "wait", log)
