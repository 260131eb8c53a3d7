"""Define the pipeline's flow, which runs the stages of ``dvc.yaml``, here or in a worktree."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from pydantic import Field

from pipelines.dvc.publish import push_results
from pipelines.dvc.stages import MAIN
from pipelines.dvc.worktree import worktree
from pipelines.errors import PipelineError, explaining
from pipelines.flows.gate import check_run, promote_run
from pipelines.flows.run_stages import any_changed, any_worked, run_stages, summary
from pipelines.git.repository import Repository, commit_changes
from pipelines.system.lock import BusyError, exclusive
from pipelines.ui.absence import report_missed
from pipelines.ui.artifacts import record_report, record_results
from pipelines.workers.policy import Policy
from stages.shared.formats import FormatError, parse_yaml

Given = Annotated[str, Field(min_length=1)]


class Options(NamedTuple):
    """The parameters of a run; ``pipeline`` documents them."""

    changes: Sequence[str]
    push: str | None
    promote: bool
    file: str
    policy: Policy | None


def _run_name() -> str:
    """Return a run's name: its recipe and where it runs."""
    given = flow_run.parameters
    ref = given.get("ref")
    try:
        recipe = given.get("recipe") or _recipe(Repository(Path.cwd()).read("params.yaml", ref))
    except PipelineError:
        # The flow itself reports the error.
        recipe = "no recipe"
    return f"{recipe} at {ref or 'working copy'}"


def _recipe(params: str) -> str:
    try:
        return str(parse_yaml(params.encode())["recipe"])
    except FormatError as error:
        raise PipelineError(f"params.yaml: {error}.") from None
    except (KeyError, TypeError):
        raise PipelineError("params.yaml: expected a recipe, found none; name one.") from None


@flow(name="pipeline", flow_run_name=_run_name, persist_result=False)
def pipeline(
    recipe: Given | None = None,
    ref: Given | None = None,
    set_param: Sequence[str] = (),
    push: Given | None = None,
    promote: bool = False,
    when_busy: Literal["wait", "cancel"] = "wait",
    late_after: Annotated[float, Field(gt=0)] | None = None,
    train_on: Literal["here", "pool"] = "here",
    pool_wait: Annotated[float, Field(gt=0)] = 300,
    pool_empty: Literal["fail", "here"] = "fail",
    pool_timeout: Annotated[float, Field(gt=0)] = 86400,
    pool_lost: Literal["retry", "fail"] = "retry",
    file: Literal["dvc.yaml", "tuning/dvc.yaml"] = "dvc.yaml",
) -> State:
    """Run the stages of dvc.yaml, or of another file, that are not up to date.

    Args:
        recipe: a recipe of params.yaml, instead of the one that it names.
        ref: the commit, branch or tag to run in a separate worktree. The run commits its
            changes to a branch runs/.... Without a ref, it brings the working copy up to date.
        set_param: values for params.yaml, as for `dvc exp run --set-param`:
            `recipes.fast.training.epochs=5`. Needs a ref.
        push: the Git remote to push the branch to, after the outputs are pushed to DVC's remote.
            Needs a ref.
        promote: promote the commit if its model passes the gate. Needs a ref, and dvc.yaml as the
            file.
        when_busy: wait while another run works in this repository, or cancel this run.
        late_after: skip a run that starts more than this many seconds after its scheduled time.
        train_on: where to run the stages that name a pool in dvc.yaml: here, or on a worker of the
            pool.
        pool_wait: seconds to wait for a worker to start such a stage.
        pool_empty: if no worker starts it, fail, or run it here.
        pool_timeout: seconds after which such a stage is cancelled, and this run fails.
        pool_lost: if the worker dies, retry once with any worker of the pool, or fail.
        file: the file whose stages run, after those that they depend on. tuning/dvc.yaml searches
            recipes.
    """
    lateness = dt.datetime.now(tz=dt.UTC) - flow_run.scheduled_start_time
    if reason := too_late(lateness, flow_run.run_count, late_after):
        return Completed(name="Skipped", message=reason)
    policy = Policy(pool_wait, pool_empty, pool_timeout, pool_lost) if train_on == "pool" else None
    changes = [*set_param, *([f"recipe={recipe}"] if recipe else [])]
    options = Options(changes, push, promote, file, policy)
    owner, log = f"the run '{flow_run.name}' ({flow_run.id})", get_run_logger().info
    try:
        with explaining():
            repository = Repository(Path.cwd())
            with exclusive(repository.state / "lock", owner, when_busy, log) as lock_fd:
                if ref is None:
                    return report_missed(_run_here(repository, lock_fd, options))
                return report_missed(_run_in_worktree(repository, lock_fd, ref, options))
    except BusyError as error:
        return Cancelled(message=str(error))
    except PipelineError as error:
        return report_missed(Failed(message=str(error)))


def too_late(lateness: dt.timedelta, tries: int, late_after: float | None) -> str | None:
    """Return why a run is to be skipped, or ``None``; a run that is tried again is not late."""
    seconds = lateness.total_seconds()
    if late_after is None or seconds <= late_after or tries > 1:
        return None
    return f"started {seconds:.0f} s late; late_after allows {late_after:g} s"


def _run_here(repository: Repository, lock_fd: int, options: Options) -> State:
    if options.changes or options.push or options.promote:
        raise PipelineError(
            "expected a ref with recipe, set_param, push or promote, found none; pass one "
            "(ref=main), or edit params.yaml."
        )
    outcomes = run_stages(repository.folder, lock_fd, options.file, options.policy)
    if any_worked(outcomes):
        record_results(repository.folder, repository.commit_of("HEAD"))
        record_report(f"`{repository.folder / 'reports' / 'index.html'}`")
    return Completed(message=summary(outcomes))


def _run_in_worktree(repository: Repository, lock_fd: int, ref: str, options: Options) -> State:
    if options.promote and options.file != MAIN:
        raise PipelineError(
            f"expected the file {MAIN} with promote, found {options.file}, whose stages train no "
            "model to promote; leave out one of them."
        )
    base = repository.commit_of(ref)
    with worktree(repository, base, flow_run.id) as folder:
        outcomes = run_stages(
            folder, lock_fd, options.file, options.policy, options.changes, restore=True
        )
        recipe = _recipe(Repository(folder).read("params.yaml", None))
        # The end of the id: its beginning is the time, which scheduled runs share.
        branch = f"runs/{recipe}-{base[:7]}-{flow_run.id[-8:]}"
        if any_worked(outcomes):
            record_results(folder, base)
        report = check_run(folder) if options.file == MAIN else f"{options.file} ran"
        done = summary(outcomes)
        message = f"Run {recipe} at {base[:7]}\n\n{done}.\n\nFlow-Run: {flow_run.id}"
        # The gate's report alone is worth a commit only to promote it.
        wanted = options.changes or any_changed(outcomes) or options.promote
        found = commit_changes(folder, branch, message) if wanted else None
        if found and options.push:
            push_results(folder, found, options.push)
    record_report(f"`git show {found or base}:reports/index.html > report.html`")
    if found:
        action = "committed to" if found == branch else "same results as the run at"
        done += f"; {action} {found}" + (f", pushed to {options.push}" if options.push else "")
    else:
        done += "; nothing to commit"
    if not options.promote:
        return Completed(message=done)
    promoted = promote_run(repository, found or base, report, options.push)
    passed = isinstance(report, str) or report.passed
    return Completed(name=None if passed else "Blocked", message=f"{done}; {promoted}")
