"""The worker's flow: run the stage that is asked for, and answer with a commit."""

from functools import partial
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from ruamel.yaml import YAML

from pipelines import remote
from pipelines.answer import LOCK, Output, outputs
from pipelines.checkout import PROVENANCE, Repository, dvc
from pipelines.commits import commit_answer, receive, send
from pipelines.errors import ForeignError, PipelineError
from pipelines.graph import read_stages
from pipelines.lock import exclusive
from pipelines.objects import bring, object_names
from pipelines.request import Request, difference, read_expected
from pipelines.stage import run_stage


@flow(name="work", persist_result=False)
def work(request: Request) -> State:
    """Run one stage at one commit, in a checkout of its own, and push a commit that says so.

    It has the stage's record in dvc.lock, those of its outputs that Git holds, and the provenance;
    its other outputs are in DVC's remote.

    Args:
        request: as pipelines/hand_off.py makes it.
    """
    owner = f"the run '{flow_run.name}' ({flow_run.id})"
    try:
        repository = Repository(Path.cwd())
        # One at a time on this machine, whose graphics card they would share.
        with exclusive(repository.state / "lock", owner, "wait", get_run_logger().info) as lock:
            return _work(repository, request, lock)
    except PipelineError as error:
        return Failed(message=str(error))


def _work(repository: Repository, request: Request, lock: int) -> State:
    receive(repository.folder, request.branch)
    commit = repository.commit_of(request.commit)
    with repository.checkout(commit, flow_run.id) as folder:
        _bring_inputs(folder, request)
        _check_is_as_asked(folder, request)
        (stage,) = (one for one in read_stages(folder, [lock]) if one.name == request.stage)
        state = run_stage(stage, True, folder, lock, [])
        if not state.is_completed():
            raise PipelineError(state.message)
        answer = push_answer(folder, request)
    return Completed(name=state.name, message=f"answered by {answer} on {request.answer}")


def _bring_inputs(folder: Path, request: Request) -> None:
    """Check out what the stage needs of DVC's remote, rehashed, and nothing else."""
    expected = request.expected
    inputs = [Output.model_validate(dep) for dep in expected.deps if dep["path"] in expected.inputs]
    if inputs:
        cache = Path(dvc(folder, "cache", "dir"))
        bring(inputs, cache, partial(remote.fetch, folder))
        dvc(folder, "checkout", "--quiet", "--force", "--", *expected.inputs)


def _check_is_as_asked(folder: Path, request: Request) -> None:
    found = read_expected(folder, request.stage).expected
    if unlike := difference(request.expected, found):
        raise ForeignError(
            f"{request.stage} at {request.commit[:7]} is not what was asked for: {unlike}; the "
            "stage was not run."
        )


def push_answer(folder: Path, request: Request) -> str:
    """Push what a stage made in a checkout, and then the commit that tells of it, which is given.

    Raises:
        PipelineError: one of the remotes refuses, or does not have what was pushed to it.
    """
    record = YAML(typ="safe", pure=True).load(folder / LOCK)["stages"][request.stage]
    made = outputs(request, record)
    in_cache = [output for output in made if request.expected.outs[output.path]]
    in_git = [output.path for output in made if not request.expected.outs[output.path]]
    cache = Path(dvc(folder, "cache", "dir"))
    targets = [output.path for output in in_cache]
    remote.push(folder, targets, object_names(in_cache, cache))
    provenance = [PROVENANCE] if (folder / PROVENANCE).exists() else []
    message = f"Answer {request.stage} of {request.commit[:7]}\n\nFlow-Run: {flow_run.id}"
    commit = commit_answer(folder, [LOCK, *provenance, *in_git], message)
    # The branch last: who sees it can have what it names.
    send(folder, commit, request.answer)
    return commit
