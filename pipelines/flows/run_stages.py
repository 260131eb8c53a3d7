"""Run all stages of a pipeline once, in order."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from prefect.client.schemas.objects import State

from pipelines.dvc.stages import read_stages
from pipelines.errors import PipelineError
from pipelines.flows.stage import run_stage
from pipelines.ui.artifacts import StageRun, record_stages
from pipelines.workers.policy import Policy

_ORDER = ("Ran", "Restored", "Cached")


def run_stages(
    folder: Path,
    lock_fd: int,
    file: str,
    policy: Policy | None,
    changes: Sequence[str] = (),
    *,
    restore: bool = False,
) -> Mapping[str, StageRun]:
    """Run every stage once, each after those that it depends on.

    Args:
        folder: of the repository.
        lock_fd: descriptor of its lock.
        file: the ``dvc.yaml`` whose stages run.
        policy: how workers run the stages that have a pool; without a policy they run here.
        changes: applied to ``params.yaml`` first.
        restore: first check out from the cache what ``dvc.lock`` records.

    Returns:
        How each stage ended, by its name.

    Raises:
        PipelineError: DVC cannot read the pipeline, or a stage failed; later stages do not run.
    """
    outcomes: dict[str, StageRun] = {}
    state: State | None = None
    for stage in read_stages(folder, [lock_fd], changes, file=file, restore=restore):
        upstream = [outcomes[name] for name in stage.upstream]
        changed = stage.changed or any(outcome.changed for outcome in upstream)
        begin = time.perf_counter()
        states = [outcome.state for outcome in upstream]
        state = run_stage(stage, changed, folder, lock_fd, states, policy)
        seconds = time.perf_counter() - begin
        outcomes[stage.name] = StageRun(state, seconds, changed and state.name != "Cached")
        if not state.is_completed():
            break
    record_stages(outcomes)
    if state and not state.is_completed():
        raise PipelineError(state.message)
    return outcomes


def any_changed(outcomes: Mapping[str, StageRun]) -> bool:
    """Return whether any output may differ from what was recorded before."""
    return any(outcome.changed for outcome in outcomes.values())


def any_worked(outcomes: Mapping[str, StageRun]) -> bool:
    """Return whether any stage ran, or was restored from an earlier run."""
    return any(outcome.state.name != "Cached" for outcome in outcomes.values())


def summary(outcomes: Mapping[str, StageRun]) -> str:
    """Return how many stages ended in each state, as "2 ran, 1 cached"."""
    names = [outcome.state.name for outcome in outcomes.values()]
    return ", ".join(f"{names.count(name)} {name}" for name in _ORDER if name in names).lower()
