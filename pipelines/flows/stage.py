"""Define the task that runs a stage through DVC."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from pipelines import PROJECT
from pipelines.dvc.outcome import Outcome, crash, read_outcome
from pipelines.dvc.stages import Stage
from pipelines.errors import NoWorkerError, PipelineError, explaining
from pipelines.system.process import TimedOutError, run
from pipelines.ui.progress import Progress, ProgressFile
from pipelines.workers.policy import Policy
from pipelines.workers.submit import submit
from stages.shared.progress import VARIABLE as PROGRESS_FILE
from stages.shared.text import printable

# EX_TEMPFAIL of sysexits.h: stages exit with it if a retry may help.
_TEMPORARY = 75
_TRY_AGAIN = "FailedForNow"
# Name and message of the state for each outcome.
_COMPLETED = {
    "ran": ("Ran", None),
    "restored": ("Restored", "its outputs came from an earlier run"),
    "cached": ("Cached", "what it depends on came out the same"),
}
# Lines of a failed stage's output that the state quotes.
_LAST_LINES = 5


def run_stage(
    stage: Stage,
    changed: bool,
    folder: Path,
    lock_fd: int,
    upstream: Sequence[State],
    policy: Policy | None = None,
    python: Path = Path(sys.executable),
) -> State:
    """Run a stage as a task with the stage's name, if DVC finds a change.

    Args:
        stage: as it was before the run.
        changed: whether something that it depends on may differ from the record in ``dvc.lock``.
        folder: of ``dvc.yaml``.
        lock_fd: descriptor of the lock, which the stage's processes hold too.
        upstream: the states of the stages that it depends on.
        policy: how a worker runs it, if it has a pool; without a policy it runs here.
        python: of the environment that it runs in here.

    Returns:
        Completed, named Cached (nothing had changed), Restored (its outputs came from DVC's cache)
        or Ran; or Failed, if the stage failed or exceeded ``meta.timeout``, or if a worker's result
        was rejected.
    """
    named = reproduce.with_options(
        name=stage.name,
        task_run_name=stage.name,
        description=stage.description,
        retries=stage.meta.retries,
        retry_delay_seconds=stage.meta.retry_delay,
    )
    state: State = named(
        stage,
        folder,
        lock_fd,
        changed,
        policy,
        python,
        return_state=True,
        wait_for=upstream,
    )
    return state


def _may_pass(_task: Task[..., State], _run: TaskRun, state: State) -> bool:
    return state.name == _TRY_AGAIN


@task(cache_policy=NO_CACHE, persist_result=False, retry_condition_fn=_may_pass)
def reproduce(
    stage: Stage, folder: Path, lock_fd: int, changed: bool, policy: Policy | None, python: Path
) -> State:
    """Have DVC reproduce one stage, here or on a worker; see ``run_stage``."""
    if not changed:
        if stage.restored:
            return Completed(name="Restored", message="its outputs came from the cache")
        return Completed(name="Cached", message="nothing that it depends on has changed")
    try:
        with explaining():
            if policy is None or not stage.meta.pool:
                return _reproduce_here(stage, folder, lock_fd, python)
            return _reproduce_on_pool(stage, folder, lock_fd, policy, python)
    except PipelineError as error:
        return Failed(message=str(error))


def _reproduce_on_pool(
    stage: Stage, folder: Path, lock_fd: int, policy: Policy, python: Path
) -> State:
    try:
        return submit(stage, folder, policy)
    except NoWorkerError as error:
        if policy.pool_empty == "fail":
            return Failed(message=str(error))
        get_run_logger().warning("%s runs here: %s", stage.name, error)
        state = _reproduce_here(stage, folder, lock_fd, python)
        state.message = f"ran here: {error} {state.message or ''}".strip()
        return state


def _reproduce_here(stage: Stage, folder: Path, lock_fd: int, python: Path) -> State:
    logger, lines = get_run_logger(), []

    with TemporaryDirectory() as temporary:
        reported, progress_file = Path(temporary, "outcome.json"), Path(temporary, "progress.jsonl")
        options = ["--file", stage.file, "--outcome", str(reported)]
        module = "pipelines.dvc.processes.reproduce"
        command = [str(python), "-m", module, *options, "--", str(folder), stage.name]
        environment = {PROGRESS_FILE: str(progress_file)}
        try:
            with Progress(stage.name, ProgressFile(progress_file)) as progress:

                def on_line(line: str) -> None:
                    if line:
                        logger.info(printable(line))
                        lines.append(printable(line))
                        progress.update()

                run(command, PROJECT, on_line, stage.meta.timeout, [lock_fd], environment)
        except TimedOutError:
            limit = f"{stage.meta.timeout:g} s, its meta.timeout in dvc.yaml"
            return Failed(message=f"stage {stage.name} was ended after {limit}.")
        outcome = read_outcome(reported)
    if outcome.outcome == "failed":
        return _failure(stage, lines, outcome)
    name, message = _COMPLETED[outcome.outcome]
    return Completed(name=name, message=message)


def _failure(stage: Stage, lines: Sequence[str], outcome: Outcome) -> State:
    printed = "\n".join(lines[-_LAST_LINES:])
    name = _TRY_AGAIN if outcome.exit_code == _TEMPORARY else None
    what = crash(f"stage {stage.name}", outcome.exit_code) or f"stage {stage.name} failed:"
    return Failed(name=name, message=f"{what}\n{printed}")
