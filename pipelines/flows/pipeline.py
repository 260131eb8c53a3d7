"""The flow: the stages of ``dvc.yaml``, here or in a checkout of its own."""

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
from pipelines.errors import PipelineError
from pipelines.flows.gate import judge_run, promote_run
from pipelines.flows.stages import have_moved, run_stages, summary
from pipelines.git.repository import Repository, commit_changes
from pipelines.system.lock import BusyError, exclusive
from pipelines.ui.absence import report_missed
from pipelines.ui.artifacts import record_report, record_results
from pipelines.workers.submit import Policy
from stages.formats import FormatError, parse_yaml


class Asked(NamedTuple):
    """What a run is to do, as its parameters say."""

    ref: str
    """Empty for the working copy."""
    changes: Sequence[str]
    push: str | None
    promote: bool
    file: str
    policy: Policy


def _run_name() -> str:
    """Name a run after its recipe and where it runs."""
    asked = flow_run.parameters
    ref = asked.get("ref")
    try:
        recipe = asked.get("recipe") or _recipe(Repository(Path.cwd()).read("params.yaml", ref))
    except PipelineError:
        # The flow itself will say what is wrong.
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
    recipe: str | None = None,
    ref: str | None = None,
    set_param: Sequence[str] = (),
    push: str | None = None,
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
        recipe: of params.yaml, to use in place of the one that it names.
        ref: commit, branch or tag to run in a checkout of its own, which ends as a commit on a
            branch runs/...; without it, the working copy is brought up to date.
        set_param: values for params.yaml, as in `dvc exp run --set-param`:
            `recipes.fast.training.epochs=5`; with ref alone.
        push: remote of Git that the branch is pushed to, after what is new in DVC's cache has gone
            to its remote; with ref alone.
        promote: the commit, if the gate of params.yaml lets its model through; with ref alone.
        when_busy: wait while another run is at work in this repository, or cancel this one.
        late_after: seconds after its scheduled time from which a run is skipped.
        train_on: run the stages that have a meta.pool here, or let a worker of that pool run them.
        pool_wait: seconds that a worker gets to take one of them up.
        pool_empty: what follows when none has: the run fails, or the stage runs here.
        pool_timeout: seconds after which such a stage is cancelled, and the run fails.
        pool_lost: what follows when its worker dies: it is handed off once more, or the run fails.
        file: whose stages to run, after those that they depend on: tuning/dvc.yaml searches.
    """
    lateness = (dt.datetime.now(tz=dt.UTC) - flow_run.scheduled_start_time).total_seconds()
    if late_after and lateness > late_after:
        message = f"{lateness:.0f} s late, more than the {late_after:g} s of late_after"
        return Completed(name="Skipped", message=message)
    owner = f"the run '{flow_run.name}' ({flow_run.id})"
    try:
        policy = Policy(
            train_on=train_on,
            pool_wait=pool_wait,
            pool_empty=pool_empty,
            pool_timeout=pool_timeout,
            pool_lost=pool_lost,
        )
        changes = [*set_param, *([f"recipe={recipe}"] if recipe else [])]
        asked = Asked(ref or "", changes, push, promote, file, policy)
        repository = Repository(Path.cwd())
        with exclusive(repository.state / "lock", owner, when_busy, get_run_logger().info) as lock:
            return report_missed((_run_apart if ref else _run_here)(repository, lock, asked))
    except BusyError as error:
        return Cancelled(message=str(error))
    except PipelineError as error:
        return report_missed(Failed(message=str(error)))


def _run_here(repository: Repository, lock: int, asked: Asked) -> State:
    if asked.changes or asked.push or asked.promote:
        raise PipelineError(
            "recipe, set_param, push and promote are for a run in a checkout of its own: expected "
            "a ref, found none; name one (ref=main), or edit params.yaml."
        )
    outcomes = run_stages(repository.folder, lock, asked.file, asked.policy)
    if have_moved(outcomes):
        record_results(repository.folder, repository.commit_of("HEAD"))
        record_report(f"`{repository.folder / 'reports' / 'index.html'}`")
    return Completed(message=summary(outcomes))


def _run_apart(repository: Repository, lock: int, asked: Asked) -> State:
    base = repository.commit_of(asked.ref)
    with worktree(repository, base, flow_run.id) as folder:
        outcomes = run_stages(folder, lock, asked.file, asked.policy, asked.changes, restore=True)
        recipe = _recipe(Repository(folder).read("params.yaml", None))
        # The end of the id: it begins with the time, which scheduled runs share.
        branch = f"runs/{recipe}-{base[:7]}-{flow_run.id[-8:]}"
        if have_moved(outcomes):
            record_results(folder, base)
        report = judge_run(folder) if asked.file == MAIN else None
        done = summary(outcomes)
        message = f"Run {recipe} at {base[:7]}\n\n{done}.\n\nFlow-Run: {flow_run.id}"
        found = commit_changes(folder, branch, message)
        if found and asked.push:
            push_results(folder, found, asked.push)
    if found:
        record_report(f"`git show {found}:reports/index.html > report.html`")
        did = "committed to" if found == branch else "the same came of the run that is at"
        done += f"; {did} {found}" + (f", pushed to {asked.push}" if asked.push else "")
    else:
        done += "; nothing to commit"
    if not (asked.promote and report):
        return Completed(message=done)
    came = promote_run(repository, found or base, report, asked.push)
    return Completed(name=None if report.passed else "Blocked", message=f"{done}; {came}")
