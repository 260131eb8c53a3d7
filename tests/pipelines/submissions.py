"""A stage submitted to a worker, without Prefect."""

from pathlib import Path

from pipelines.dvc.expected import read_expected
from pipelines.dvc.stages import Meta, Stage
from pipelines.flows.worker import push_result
from pipelines.system.timing import Timing
from pipelines.workers.request import Request
from pipelines.workers.submit import push_request
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import run

TRAIN = Stage(
    name="train",
    file="dvc.yaml",
    description="",
    upstream=("fetch",),
    meta=Meta(pool="gpu"),
    changed=True,
    restored=False,
)


def request_and_result(caller: Path, worker: Path) -> tuple[Request, str]:
    """Request the training, and push a result from the worker's clone."""
    request = push_request(
        TRAIN, caller, read_expected(caller, "dvc.yaml", "train").expected, Timing()
    )
    run(worker, "git", "fetch", "--quiet", "origin", request.branch)
    run(worker, "git", "checkout", "--quiet", "--detach", request.commit)
    dvc(worker, "pull", "raw.txt")
    dvc(worker, "repro", "--single-item", "train")
    _, result = push_result(worker, worker / ".dvc" / "cache", request)
    return request, result
