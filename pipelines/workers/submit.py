"""Submit a stage to a worker, which shares only remotes and a server with this machine."""

import datetime as dt
import math
import time
from pathlib import Path
from typing import cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed

from pipelines.dvc import remote
from pipelines.dvc.expected import Expected, read_expected
from pipelines.dvc.objects import object_names
from pipelines.dvc.stages import Stage
from pipelines.dvc.storage import storage
from pipelines.errors import NoWorkerError, PipelineError
from pipelines.system.environment import here
from pipelines.system.timing import Timing
from pipelines.ui.absence import server_may_be_away
from pipelines.ui.artifacts import record_seconds
from pipelines.workers.accept import accept_result
from pipelines.workers.policy import Policy
from pipelines.workers.request import Request, lock_path
from pipelines.workers.result import inputs_of
from pipelines.workers.transport import commit_as_is, send, withdraw

# Seconds between two checks of the worker's run.
_POLL_INTERVAL = 2


def submit(stage: Stage, folder: Path, policy: Policy) -> State:
    """Submit a stage to a worker of its pool, and accept the result.

    Args:
        stage: one with a ``meta.pool``.
        folder: of ``dvc.yaml``; all stages before this one are up to date in it.
        policy: how long to wait.

    Returns:
        Completed, with the name of the worker's final state, or Cached.

    Raises:
        NoWorkerError: no worker started it in time, or there is no such pool.
        PipelineError: the worker's run did not complete, its result is rejected, or a remote
            failed. The folder is unchanged.
    """
    timing = Timing()
    with timing.part("ask DVC what the stage needs"):
        found = read_expected(folder, stage.file, stage.name)
    if not found.changed:
        return Completed(name="Cached", message="what it depends on came out the same")
    begin = time.monotonic()
    request = push_request(stage, folder, found.expected, timing)
    try:
        run = _run_with_retry(request, stage, policy)
    finally:
        # The request stays reachable as the parent of the result, if there is one.
        _withdraw(folder, request)
    timing.seconds["wait for a worker"] = _seconds(run.created, run.start_time)
    timing.seconds["the worker's run"] = _seconds(run.start_time, run.end_time)
    with timing.part("verify and accept"):
        commit = accept_result(folder, request)
    record_seconds(f"{stage.name} on pool {stage.meta.pool}", timing)
    seconds = time.monotonic() - begin
    message = f"by a worker of pool {stage.meta.pool} in {seconds:.0f} s: {commit} verified"
    return Completed(name=run.state_name, message=message)


def _run_with_retry(request: Request, stage: Stage, policy: Policy) -> FlowRun:
    """Have a worker run the stage, retry once if its run is lost, and return the completed run.

    Raises:
        NoWorkerError: no worker started it in time.
        PipelineError: the run did not complete.
    """
    deployment = f"work/{stage.meta.pool}"
    run = _run(request, deployment, policy)
    if run.state_type == StateType.CRASHED and policy.pool_lost == "retry":
        get_run_logger().warning("the worker's run %s is lost: submitting the stage again", run.id)
        run = _run(request, deployment, policy)
    if run.state_type != StateType.COMPLETED:
        reason = run.state.message if run.state else None
        raise PipelineError(
            f"stage {stage.name}, submitted to pool {stage.meta.pool}, ended as {run.state_name}: "
            f"{reason}"
        )
    return run


def _withdraw(folder: Path, request: Request) -> None:
    try:
        withdraw(folder, request.branch)
    except PipelineError as error:
        get_run_logger().warning("cannot delete %s from the remote: %s", request.branch, error)


def _seconds(begin: dt.datetime | None, end: dt.datetime | None) -> float:
    return (end - begin).total_seconds() if begin and end else math.nan


def push_request(stage: Stage, folder: Path, expected: Expected, timing: Timing) -> Request:
    """Push a stage's inputs to DVC's remote, then the folder's current state to a Git branch.

    Raises:
        PipelineError: a remote refuses, or lacks what was pushed to it.
    """
    with timing.part("push the stage's inputs"):
        cache = storage(folder).cache
        names = object_names(inputs_of(expected), cache)
        remote.push(folder, expected.inputs, names)
    in_git = [dep["path"] for dep in expected.deps if dep["path"] not in expected.inputs]
    name = f"{stage.name}-{str(flow_run.id)[-12:]}"
    lock = lock_path(stage.file)
    with timing.part("commit and push the request"):
        commit = commit_as_is(
            folder,
            [lock, *in_git] if (folder / lock).exists() else in_git,
            f"Submit {stage.name} to pool {stage.meta.pool}\n\nFlow-Run: {flow_run.id}",
        )
        request = Request(
            stage=stage.name,
            file=stage.file,
            commit=commit,
            branch=f"runs/requests/{name}",
            result=f"runs/results/{name}",
            environment=here(),
            expected=expected,
        )
        send(folder, commit, request.branch)
    return request


def _run(request: Request, deployment: str, policy: Policy) -> FlowRun:
    """Run the worker's deployment, and return its run after it has ended.

    Raises:
        NoWorkerError: there is no such deployment, or no worker started the run in time.
        PipelineError: it exceeds its time limit.
    """
    name = f"{request.stage} at {request.commit[:7]}"
    parameters = {"request": request.model_dump(mode="json")}
    try:
        # run_deployment's own timeout would not cancel a run that no worker starts.
        run = run_deployment(deployment, parameters=parameters, flow_run_name=name, timeout=0)
        run = cast("FlowRun", run)
    except ObjectNotFound:
        raise NoWorkerError(
            f"expected a deployment {deployment} on Prefect's server, found none; create it: "
            "prefect --no-prompt deploy --all."
        ) from None
    get_run_logger().info("%s is submitted as the run '%s' (%s)", request.stage, run.name, run.id)
    with get_client(sync_client=True) as client:
        ended = False
        try:
            run = wait_for_end(client, run.id, deployment, policy)
            ended = True
        finally:
            # However this ends, even by a signal, cancel a run that is no longer needed.
            if not ended:
                with server_may_be_away():
                    client.set_flow_run_state(run.id, State(type=StateType.CANCELLING))
    return run


def wait_for_end(client: SyncPrefectClient, run: UUID, deployment: str, policy: Policy) -> FlowRun:
    """Return a worker's run after it has ended.

    Args:
        client: of the server, which may be away for some time.
        run: the ID of the run.
        deployment: the name of its deployment, for error messages.
        policy: how long to wait.

    Raises:
        NoWorkerError: no worker started it in time.
        PipelineError: it exceeds its time limit.
    """
    begin, started = time.monotonic(), False
    while (waited := time.monotonic() - begin) < policy.pool_timeout:
        with server_may_be_away():
            found = client.read_flow_run(run)
            if found.state and found.state.is_final():
                return found
            started = started or not found.state or not found.state.is_scheduled()
            # While the server is away, it is unknown whether a worker has started.
            if not started and waited > policy.pool_wait:
                raise NoWorkerError(
                    f"expected a worker to start {deployment} within {policy.pool_wait:g} s, found "
                    "none free; start one, or increase pool_wait."
                )
        time.sleep(_POLL_INTERVAL)
    raise PipelineError(
        f"expected {deployment} to end within {policy.pool_timeout:g} s, found it unfinished and "
        "cancelled it; increase pool_timeout."
    )
