"""The worker's flow: run the stage that is asked for, and answer with a commit."""

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

from pipelines.away import report_missed
from pipelines.checkout import PROVENANCE, Repository, dvc
from pipelines.commits import read_lock
from pipelines.delegation.answer import inputs_of, outputs
from pipelines.delegation.exchange import commit_answer, receive, send
from pipelines.delegation.request import Request, difference, read_expected
from pipelines.environment import check, python_for
from pipelines.errors import ForeignError, PipelineError
from pipelines.graph import read_stages
from pipelines.lock import exclusive
from pipelines.records import record_seconds
from pipelines.stage import run_stage
from pipelines.storage import remote
from pipelines.storage.budget import keep_within, mark_used, read_budget
from pipelines.storage.objects import bring, object_names, object_path
from pipelines.storage.outputs import Output
from pipelines.timing import Timing


@flow(name="work", persist_result=False)
def work(request: Request) -> State:
    """Run one stage at one commit, in a checkout of its own, and push a commit that says so.

    It has the stage's record in dvc.lock, those of its outputs that Git holds, and the provenance;
    its other outputs are in DVC's remote.

    Args:
        request: as pipelines/delegation/hand_off.py makes it.
    """
    owner = f"the run '{flow_run.name}' ({flow_run.id})"
    try:
        repository = Repository(Path.cwd())
        # One at a time on this machine, whose graphics card they would share.
        with exclusive(repository.state / "lock", owner, "wait", get_run_logger().info) as lock:
            return report_missed(_work(repository, request, lock))
    except PipelineError as error:
        return report_missed(Failed(message=str(error)))


def _work(repository: Repository, request: Request, lock: int) -> State:
    timing, budget = Timing(), read_budget(os.environ)
    with timing.part("fetch the request"):
        receive(repository.folder, request.branch)
        commit = repository.commit_of(request.commit)
    with ExitStack() as stack:
        with timing.part("check it out"):
            folder = stack.enter_context(repository.checkout(commit, flow_run.id))
            cache = Path(dvc(folder, "cache", "dir"))
        with timing.part("have its environment"):
            kept = repository.state / "environments"
            python = python_for(folder, kept, get_run_logger().info)
            check(request.environment, python)
        with timing.part("fetch the stage's inputs"):
            _bring_inputs(folder, cache, request)
        with timing.part("check that it is as asked"):
            _check_is_as_asked(folder, request)
            stages = read_stages(folder, [lock], file=request.file)
            (stage,) = (one for one in stages if one.name == request.stage)
        with timing.part("run the stage"):
            state = run_stage(stage, True, folder, lock, [], python=python)
        if not state.is_completed():
            raise PipelineError(state.message)
        with timing.part("push the answer"):
            made, answer = push_answer(folder, cache, request)
        with timing.part("keep the cache within its budget"):
            names = object_names([*made, *inputs_of(request.expected)], cache)
            mark_used(object_path(cache, name) for name in names)
            keep_within(budget, cache, names)
    record_seconds(f"work on {request.stage}", timing)
    return Completed(name=state.name, message=f"answered by {answer} on {request.answer}")


def _bring_inputs(folder: Path, cache: Path, request: Request) -> None:
    """Check out what the stage needs of DVC's remote, rehashed, and nothing else."""
    if inputs := inputs_of(request.expected):
        bring(inputs, cache, partial(remote.fetch, folder))
        dvc(folder, "checkout", "--quiet", "--force", "--", *request.expected.inputs)


def _check_is_as_asked(folder: Path, request: Request) -> None:
    found = read_expected(folder, request.file, request.stage).expected
    if unlike := difference(request.expected, found):
        raise ForeignError(
            f"{request.stage} at {request.commit[:7]} is not what was asked for: {unlike}; the "
            "stage was not run."
        )


def push_answer(folder: Path, cache: Path, request: Request) -> tuple[Sequence[Output], str]:
    """Push what a stage made in a checkout, and then the commit that tells of it.

    Returns:
        The outputs that the cache holds, and the commit.

    Raises:
        PipelineError: one of the remotes refuses, or does not have what was pushed to it.
    """
    lock = read_lock((folder / request.lock).read_bytes(), request.lock)
    record = lock["stages"][request.stage]
    made = outputs(request, record)
    in_cache = [output for output in made if request.expected.outs[output.path]]
    in_git = [output.path for output in made if not request.expected.outs[output.path]]
    targets = [output.path for output in in_cache]
    remote.push(folder, targets, object_names(in_cache, cache))
    provenance = [PROVENANCE] if (folder / PROVENANCE).exists() else []
    message = f"Answer {request.stage} of {request.commit[:7]}\n\nFlow-Run: {flow_run.id}"
    commit = commit_answer(folder, [request.lock, *provenance, *in_git], message)
    # The branch last: who sees it can have what it names.
    send(folder, commit, request.answer)
    return in_cache, commit
