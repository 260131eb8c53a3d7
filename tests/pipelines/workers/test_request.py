"""Requests of a caller, and what a worker's flow does with those that it must refuse."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from pydantic import ValidationError

from pipelines.dvc.objects import object_path
from pipelines.errors import DamagedError
from pipelines.system.environment import Environment
from pipelines.system.timing import Timing
from pipelines.workers.request import Request
from pipelines.workers.submit import push_request
from tests.pipelines.in_process import dvc
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import run
from tests.pipelines.runs import FlowRun
from tests.pipelines.submissions import TRAIN
from tests.pipelines.workers.scene import Scene

pytestmark = pytest.mark.slow


def test_request_does_not_change_branch_index_and_files(scene: Scene) -> None:
    assert run(scene.caller, "git", "status", "--porcelain") == "M params.yaml"
    assert run(scene.caller, "git", "rev-parse", "HEAD", f"{scene.request.commit}^").split() == (
        [run(scene.caller, "git", "rev-parse", "main")] * 2
    )
    asked = run(scene.root / "origin.git", "git", "show", f"{scene.request.branch}:params.yaml")
    assert "epochs: 3" in asked


def test_request_contains_the_expected_record(scene: Scene) -> None:
    expected = scene.request.expected
    assert expected.cmd == "python train.py"
    assert [dep["path"] for dep in expected.deps] == ["raw.txt", "train.py"]
    assert expected.params["params.yaml"]["epochs"] == 3
    assert expected.inputs == ("raw.txt",)
    assert expected.outs == {"model.txt": True, "reports/metrics.json": False}
    assert expected.kinds == {"model.txt": "file", "reports/metrics.json": "file"}


def test_missing_input_is_not_submitted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC's own push exits with 0 when the cache lacks an object."""
    shutil.rmtree(scene.root / "store")
    (raw,) = (dep for dep in scene.request.expected.deps if dep["path"] == "raw.txt")
    object_path(scene.caller / ".dvc" / "cache", raw["md5"]).unlink()
    monkeypatch.chdir(scene.caller)
    with pytest.raises(DamagedError, match="found 1 of 1 missing"):
        push_request(TRAIN, scene.caller, scene.request.expected, Timing())


class Work(FlowRun):
    flow = "pipelines.flows.worker", "work"


@pytest.fixture
def work(prefect: Prefect, scene: Scene) -> Iterator[Callable[[Request], FlowRun]]:
    """Run the worker's flow in its clone, which has an empty cache."""
    store = ("modify", "--local", "store", "url", str(scene.root / "store"))
    dvc(scene.worker, "remote", *store)
    shutil.rmtree(scene.worker / ".dvc" / "cache")
    runs: list[FlowRun] = []

    def start(request: Request) -> FlowRun:
        runs.append(Work(prefect, scene.worker, request=request.model_dump(mode="json")))
        return runs[-1]

    yield start
    for started in runs:
        started.kill()


def test_worker_does_not_run_a_stage_that_differs_from_the_request(
    work: Callable[[Request], FlowRun], scene: Scene
) -> None:
    params = {"params.yaml": scene.request.expected.params["params.yaml"] | {"epochs": 4}}
    expected = scene.request.expected.model_copy(update={"params": params})
    _, name, message = work(scene.request.model_copy(update={"expected": expected})).end()
    assert name == "Failed"
    assert "params: params.yaml: epochs: expected 4, found 3; the stage was not run." in message


def test_worker_does_not_train_with_other_versions(
    work: Callable[[Request], FlowRun], scene: Scene
) -> None:
    other = Environment(python="3.9", tensorflow="2.0.0")
    _, name, message = work(scene.request.model_copy(update={"environment": other})).end()
    assert name == "Failed"
    assert message.startswith(
        "expected Python 3.9 and TensorFlow 2.0.0, as on the submitting machine, found "
    )


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("result", "main"),
        ("result", "runs/results/../../main"),
        ("branch", "runs/requests/a:refs/heads/main"),
        ("commit", "main"),
        ("file", "../dvc.yaml"),
    ],
)
def test_request_with_an_invalid_path_or_branch_is_rejected(
    scene: Scene, place: str, value: str
) -> None:
    with pytest.raises(ValidationError, match=place):
        Request.model_validate(scene.request.model_dump() | {place: value})


def test_worker_does_not_train_on_damaged_input(
    work: Callable[[Request], FlowRun], scene: Scene
) -> None:
    (raw,) = (dep for dep in scene.request.expected.deps if dep["path"] == "raw.txt")
    place = object_path(scene.root / "store", raw["md5"])
    place.chmod(0o644)
    place.write_text("two\n")
    _, name, message = work(scene.request).end()
    assert name == "Failed"
    assert f"expected the object {raw['md5']} of DVC's remote to have that MD5, found" in message
    assert not list((scene.worker / ".dvc" / "cache").rglob(raw["md5"][2:]))
