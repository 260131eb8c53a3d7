"""A stage handed to a worker that shares nothing with this machine but remotes and a server."""

import time
from pathlib import Path
from typing import Annotated, Literal, cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import BaseModel, ConfigDict, Field

from pipelines import remote
from pipelines.answer import LOCK, Output
from pipelines.away import server_may_be_away
from pipelines.checkout import dvc
from pipelines.commits import commit_as_is, send
from pipelines.errors import NobodyError, PipelineError
from pipelines.graph import Stage
from pipelines.objects import object_names
from pipelines.request import Expected, Request, read_expected
from pipelines.take_over import take_over

# Seconds between two looks at the worker's run.
_PATIENCE = 2


class Policy(BaseModel):
    """What is done about stages that have a pool."""

    model_config = ConfigDict(frozen=True)

    train_on: Literal["here", "pool"] = "here"
    """Where such a stage runs."""
    pool_wait: Annotated[float, Field(gt=0)] = 300
    """Seconds that a worker gets to take a stage up."""
    pool_empty: Literal["fail", "here"] = "fail"
    """What follows when none has: the run fails, or the stage runs here."""
    pool_timeout: Annotated[float, Field(gt=0)] = 86400
    """Seconds after which the worker's run is cancelled, and this run fails."""


def hand_off(stage: Stage, folder: Path, policy: Policy) -> State:
    """Have a worker of the stage's pool run it, and take over what it answers.

    Args:
        stage: one with a ``meta.pool``.
        folder: of ``dvc.yaml``; what comes before the stage is up to date in it.
        policy: how long to wait.

    Returns:
        Completed, by the name that the worker's run ended with, or Cached.

    Raises:
        NobodyError: no worker has taken it up in time, or there is no such pool.
        PipelineError: the worker's run has not completed, its answer is refused, or one of the
            remotes has failed. The folder is as before.
    """
    found = read_expected(folder, stage.name)
    if not found.changed:
        return Completed(name="Cached", message="what it depends on came out the same")
    request = ask(stage, folder, found.expected)
    begin = time.monotonic()
    ended = _run(request, f"work/{stage.meta.pool}", policy)
    if not ended.is_completed():
        raise PipelineError(
            f"stage {stage.name}, handed to pool {stage.meta.pool}, ended as {ended.name}: "
            f"{ended.message}"
        )
    seconds = time.monotonic() - begin
    commit = take_over(folder, request)
    message = f"by a worker of pool {stage.meta.pool} in {seconds:.0f} s: {commit} verified"
    return Completed(name=ended.name, message=message)


def ask(stage: Stage, folder: Path, expected: Expected) -> Request:
    """Push what a stage needs to DVC's remote, then the folder as it is to a branch of Git's.

    Raises:
        PipelineError: one of the remotes refuses, or does not have what was pushed to it.
    """
    cache = Path(dvc(folder, "cache", "dir"))
    inputs = [Output.model_validate(dep) for dep in expected.deps if dep["path"] in expected.inputs]
    remote.push(folder, expected.inputs, object_names(inputs, cache))
    in_git = [dep["path"] for dep in expected.deps if dep["path"] not in expected.inputs]
    name = f"{stage.name}-{str(flow_run.id)[-12:]}"
    commit = commit_as_is(
        folder,
        [LOCK, *in_git] if (folder / LOCK).exists() else in_git,
        f"Ask pool {stage.meta.pool} for {stage.name}\n\nFlow-Run: {flow_run.id}",
    )
    request = Request(
        stage=stage.name,
        commit=commit,
        branch=f"runs/requests/{name}",
        answer=f"runs/answers/{name}",
        expected=expected,
    )
    send(folder, commit, request.branch)
    return request


def _run(request: Request, deployment: str, policy: Policy) -> State:
    """Run the worker's deployment, and give the state that its run ends with.

    Raises:
        NobodyError: there is no such deployment, or no worker has taken the run up in time.
        PipelineError: it takes too long.
    """
    name = f"{request.stage} at {request.commit[:7]}"
    parameters = {"request": request.model_dump(mode="json")}
    try:
        # Its own waiting would neither end nor cancel what nobody has taken up.
        run = run_deployment(deployment, parameters=parameters, flow_run_name=name, timeout=0)
        run = cast("FlowRun", run)
    except ObjectNotFound:
        raise NobodyError(
            f"expected a deployment {deployment} on Prefect's server, found none; make it: "
            "prefect --no-prompt deploy --all."
        ) from None
    get_run_logger().info("%s is asked for by the run '%s' (%s)", request.stage, run.name, run.id)
    with get_client(sync_client=True) as client:
        ended = False
        try:
            state = _wait(client, run.id, deployment, policy)
            ended = True
        finally:
            # However this ends, by a signal too, nobody goes on with what is no longer wanted.
            if not ended:
                with server_may_be_away():
                    client.set_flow_run_state(run.id, State(type=StateType.CANCELLING))
    return state


def _wait(client: SyncPrefectClient, run: UUID, deployment: str, policy: Policy) -> State:
    begin, taken_up = time.monotonic(), False
    while (waited := time.monotonic() - begin) < policy.pool_timeout:
        with server_may_be_away():
            state = client.read_flow_run(run).state
            if state and state.is_final():
                return state
            taken_up = taken_up or not state or not state.is_scheduled()
        if not taken_up and waited > policy.pool_wait:
            raise NobodyError(
                f"expected a worker to take up {deployment} within {policy.pool_wait:g} s, found "
                "none free; start one, or give it longer by pool_wait."
            )
        time.sleep(_PATIENCE)
    raise PipelineError(
        f"expected {deployment} to end within {policy.pool_timeout:g} s, found it unfinished; it "
        "is cancelled; give it longer by pool_timeout."
    )
