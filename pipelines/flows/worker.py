"""Define the worker's flow, which runs the requested stage and pushes a commit with its result."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from pipelines import PROVENANCE
from pipelines.dvc import remote
from pipelines.dvc.cache_limit import keep_within, mark_used, read_budget
from pipelines.dvc.command import dvc
from pipelines.dvc.expected import difference, read_expected
from pipelines.dvc.lock_record import lock_in
from pipelines.dvc.objects import fetch_to_cache, object_names, object_path
from pipelines.dvc.outputs import Output
from pipelines.dvc.stages import read_stages
from pipelines.dvc.storage import storage
from pipelines.dvc.worktree import worktree
from pipelines.errors import MismatchError, PipelineError, explaining
from pipelines.flows.stage import run_stage
from pipelines.git.repository import Repository
from pipelines.system.environment import check, python_for
from pipelines.system.lock import exclusive
from pipelines.system.timing import Timing
from pipelines.ui.absence import report_missed
from pipelines.ui.artifacts import record_seconds
from pipelines.workers.request import Request
from pipelines.workers.result import inputs_of, outputs
from pipelines.workers.transport import commit_result, receive, send


@flow(name="work", persist_result=False)
def work(request: Request) -> State:
    """Run one stage at one commit in a worktree, and push a commit with the result.

    The commit has the stage's record in dvc.lock, those outputs that Git holds, and the provenance.
    The other outputs are in DVC's remote.

    Args:
        request: as pipelines/workers/submit.py creates it.
    """
    owner = f"the run '{flow_run.name}' ({flow_run.id})"
    try:
        with explaining():
            repository = Repository(Path.cwd())
            log = get_run_logger().info
            # Only one run at a time on this machine, because runs would share its graphics card.
            with exclusive(repository.state / "lock", owner, "wait", log) as lock_fd:
                return report_missed(_work(repository, request, lock_fd))
    except PipelineError as error:
        return report_missed(Failed(message=str(error)))


def _work(repository: Repository, request: Request, lock_fd: int) -> State:
    timing, budget = Timing(), read_budget(os.environ)
    with timing.part("fetch the request"):
        receive(repository.folder, request.branch)
        commit = repository.commit_of(request.commit)
    with ExitStack() as stack:
        with timing.part("check out the commit"):
            folder = stack.enter_context(worktree(repository, commit, flow_run.id))
            cache = storage(folder).cache
        with timing.part("find or create the environment"):
            environments = repository.state / "environments"
            python = python_for(folder, environments, get_run_logger().info)
            check(request.environment, python)
        with timing.part("fetch the stage's inputs"):
            _fetch_inputs(folder, cache, request)
        with timing.part("compare with the request"):
            _check_matches_request(folder, request)
            stages = read_stages(folder, [lock_fd], file=request.file)
            (stage,) = (one for one in stages if one.name == request.stage)
        with timing.part("run the stage"):
            state = run_stage(stage, True, folder, lock_fd, [], python=python)
        if not state.is_completed():
            raise PipelineError(state.message)
        with timing.part("push the result"):
            made, result = push_result(folder, cache, request)
        with timing.part("keep the cache within its budget"):
            keep_cache(cache, budget, [*made, *inputs_of(request.expected)])
    record_seconds(f"work on {request.stage}", timing)
    return Completed(name=state.name, message=f"pushed result {result} to {request.result}")


def _fetch_inputs(folder: Path, cache: Path, request: Request) -> None:
    """Fetch the stage's inputs from DVC's remote, rehash them, and check out only those."""
    if inputs := inputs_of(request.expected):
        fetch_to_cache(inputs, cache, partial(remote.fetch, folder))
        dvc(folder, "checkout", "--quiet", "--force", "--", *request.expected.inputs)


def _check_matches_request(folder: Path, request: Request) -> None:
    found = read_expected(folder, request.file, request.stage).expected
    if mismatch := difference(request.expected, found):
        raise MismatchError(
            f"{request.stage} at {request.commit[:7]} is not what was requested: {mismatch}; the "
            "stage was not run."
        )


def keep_cache(cache: Path, budget: int | None, needed: Sequence[Output]) -> None:
    """Keep the cache within its budget; the result is pushed, so a failure is only logged."""
    try:
        names = object_names(needed, cache)
        mark_used(object_path(cache, name) for name in names)
        keep_within(budget, cache, names)
    except (OSError, PipelineError) as error:
        get_run_logger().warning("cannot keep the cache %s within its budget: %s", cache, error)


def push_result(folder: Path, cache: Path, request: Request) -> tuple[Sequence[Output], str]:
    """Push the outputs of a stage in a worktree, and then the commit that records them.

    Returns:
        The outputs that the cache holds, and the commit.

    Raises:
        PipelineError: a remote refuses, or lacks what was pushed to it.
    """
    lock_record = lock_in(folder, request.lock)
    record = lock_record["stages"][request.stage]
    made = outputs(request, record)
    in_cache = [output for output in made if request.expected.outs[output.path]]
    in_git = [output.path for output in made if not request.expected.outs[output.path]]
    targets = [output.path for output in in_cache]
    remote.push(folder, targets, object_names(in_cache, cache))
    provenance = [PROVENANCE] if (folder / PROVENANCE).exists() else []
    message = f"Result {request.stage} of {request.commit[:7]}\n\nFlow-Run: {flow_run.id}"
    commit = commit_result(folder, [request.lock, *provenance, *in_git], message)
    # Push the branch last: whoever sees it can then fetch what it names.
    send(folder, commit, request.result)
    return in_cache, commit
