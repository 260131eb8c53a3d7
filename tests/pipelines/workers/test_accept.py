"""Answers of a worker to a caller, each with its own clone and cache; Git and DVC remotes between.

The worker's part is played without Prefect, so that it can be dishonest; but for the last two.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from benchmarks.tampering import TAMPERINGS, Answered
from pipelines.dvc.objects import object_path
from pipelines.errors import DamagedError, MismatchError, PipelineError, RecordError
from pipelines.system.environment import Environment
from pipelines.system.timing import Timing
from pipelines.workers.accept import accept_result
from pipelines.workers.request import Request
from pipelines.workers.submit import push_request
from tests.pipelines.in_process import dvc
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import clone_for_work, copy_toy, isolate, isolated, run
from tests.pipelines.runs import FlowRun
from tests.pipelines.submissions import TRAIN, request_and_result

Edit = Callable[[Path, str, Any], None]

_yaml = YAML(typ="safe", pure=True)


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Request]]:
    """A folder with remotes, the caller's clone, and the worker's, which has submitted honestly.

    All is relative in it, so that a copy of it is another one.
    """
    root = tmp_path_factory.mktemp("submitted")
    with isolated(root):
        caller = copy_toy(root / "caller")
        (caller / "params.yaml").write_text("recipe: fast\nepochs: 3\nseconds: 0\nfail: false\n")
        worker = clone_for_work(root, caller)
        request, result = request_and_result(caller, worker)
        run(worker, "git", "reset", "--quiet", "--hard", result)
        yield root, request


class Scene:
    """A copy of it all, for one test to tamper with."""

    def __init__(self, root: Path, request: Request) -> None:
        self.root, self.request = root, request
        self.caller, self.worker = root / "caller", root / "worker"
        self.before = self.contents()

    def contents(self) -> dict[str, bytes]:
        """The caller's working copy and cache, which a refused result does not change."""
        return {
            str(path.relative_to(self.caller)): path.read_bytes()
            for path in sorted(self.caller.rglob("*"))
            if path.is_file()
            and path.relative_to(self.caller).parts[0] != ".git"
            and path.relative_to(self.caller).parts[:2] != (".dvc", "tmp")
        }

    def accept_result(self) -> str:
        return accept_result(self.caller, self.request)

    def lock(self) -> dict[str, Any]:
        found: dict[str, Any] = _yaml.load(self.worker / "dvc.lock")
        return found

    def output(self, path: str = "model.txt") -> dict[str, Any]:
        (found,) = (out for out in self.lock()["stages"]["train"]["outs"] if out["path"] == path)
        return dict(found)

    def answer_again(self) -> None:
        """Put the worker's files, as they are now, in place of its result."""
        run(self.worker, "git", "add", "--all")
        run(self.worker, "git", "commit", "--quiet", "--amend", "--no-edit")
        self.push()

    def push(self) -> None:
        branch = f"HEAD:refs/heads/{self.request.result}"
        run(self.worker, "git", "push", "--quiet", "--force", "origin", branch)

    def check_refused(self, error: type[PipelineError], sentence: str) -> None:
        with pytest.raises(error, match=sentence) as raised:
            self.accept_result()
        assert "\n" not in str(raised.value)
        assert self.contents() == self.before


@pytest.fixture
def scene(
    submitted: tuple[Path, Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    root, request = submitted
    isolate(monkeypatch, tmp_path)
    shutil.copytree(root, tmp_path / "scene", symlinks=True)
    return Scene(tmp_path / "scene", request)


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


def test_correct_result_is_accepted_and_the_stage_is_then_up_to_date(scene: Scene) -> None:
    commit = scene.accept_result()
    assert commit == run(scene.worker, "git", "rev-parse", "HEAD")
    assert (scene.caller / "model.txt").read_text() == "fast 3 one\n"
    for name in ("dvc.lock", "models/provenance.json", "reports/metrics.json"):
        assert (scene.caller / name).read_bytes() == (scene.worker / name).read_bytes()
    dvc(scene.caller, "repro", "--single-item", "report")
    assert run(scene.caller, "dvc", "status") == "Data and pipelines are up to date."
    assert "didn't change" in run(scene.caller, "dvc", "repro", "train")
    assert not list((scene.caller / ".dvc" / "cache").glob("incoming-*"))


def test_repeated_result_uses_the_objects_in_the_cache(scene: Scene) -> None:
    scene.accept_result()
    shutil.rmtree(scene.root / "store")
    asked = f"--source={scene.request.commit}"
    run(scene.caller, "git", "restore", asked, "--worktree", "--", "dvc.lock")
    scene.accept_result()
    assert (scene.caller / "model.txt").read_text() == "fast 3 one\n"


def test_damaged_object_in_the_cache_is_replaced(scene: Scene) -> None:
    here = object_path(scene.caller / ".dvc" / "cache", scene.output()["md5"])
    here.parent.mkdir(parents=True, exist_ok=True)
    here.write_text("fast 3 damaged\n")
    here.chmod(0o444)
    scene.accept_result()
    assert (scene.caller / "model.txt").read_text() == "fast 3 one\n"


@pytest.mark.parametrize(
    ("tampering", "error", "sentence"),
    [
        ("other weights", DamagedError, "object {md5} of DVC's remote to have that MD5, found"),
        (
            "other params",
            RecordError,
            "in its record, params: params.yaml: epochs: expected 3, fou",
        ),
        ("old commit", MismatchError, "expected a commit whose parent is {commit}, found {main}"),
        ("missing object", DamagedError, "expected the object {md5} in DVC's remote, found none"),
        (
            "extra file",
            RecordError,
            "expected changes only of .*, found one of extra.txt",
        ),
        (
            "edited metrics",
            RecordError,
            r"metrics\.json is rejected: expected the content that",
        ),
        (
            "another stage's record",
            RecordError,
            "stage report of dvc.lock to be unchanged since",
        ),
        ("truncated object", DamagedError, r"to have that MD5, found [0-9a-f]+ of 4 bytes"),
    ],
)
def test_tampered_result_is_rejected(
    scene: Scene, tampering: str, error: type[PipelineError], sentence: str
) -> None:
    known = {
        "{md5}": scene.output()["md5"],
        "{commit}": scene.request.commit,
        "{main}": run(scene.worker, "git", "rev-parse", "origin/main"),
    }
    for name, value in known.items():
        sentence = sentence.replace(name, value)
    TAMPERINGS[tampering](Answered(scene.worker, scene.root / "store", scene.request))
    scene.check_refused(error, sentence)


def test_request_itself_is_rejected_as_a_result(scene: Scene) -> None:
    run(scene.worker, "git", "reset", "--quiet", "--hard", scene.request.commit)
    scene.push()
    scene.check_refused(MismatchError, "expected a commit whose parent is")


@pytest.mark.parametrize("path", ["train.py", "params.yaml", "reports/more.json"])
def test_file_that_is_not_an_output_is_rejected(scene: Scene, path: str) -> None:
    (scene.worker / path).write_text("extra\n")
    scene.answer_again()
    scene.check_refused(RecordError, f"expected changes only of .*, found one of {path}")


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("cmd", "true", "cmd: expected python train.py, found true"),
        ("deps.0.md5", "0" * 32, "deps: raw.txt: expected .*, found .*0000"),
        ("deps", [], "deps: raw.txt: expected .*, found None"),
        ("deps", [{}], "expected a record as DVC writes it, found .*must have a path"),
        ("deps", None, "expected a record as DVC writes it, found"),
        ("params", ["params.yaml"], "expected a record as DVC writes it, found"),
        ("outs", None, "expected a record as DVC writes it, found|expected the outputs"),
        ("outs.0.size", -1, "expected a record as DVC writes it, found"),
        ("outs.0.size", True, "expected a record as DVC writes it, found"),
        ("outs.0.path", "../model.txt", r"expected the outputs .*, found \.\./model\.txt"),
        ("outs.0.md5", "../../../model", "expected a record as DVC writes it, found"),
        ("outs.0.size", 3, "model.txt is rejected: expected .* and 3 bytes, found"),
        ("outs", [], "expected the outputs .*, found none"),
    ],
)
def test_record_of_another_stage_is_rejected(
    scene: Scene, edit: Edit, place: str, value: object, sentence: str
) -> None:
    edit(scene.worker / "dvc.lock", f"stages.train.{place}", value)
    scene.answer_again()
    scene.check_refused(RecordError, sentence)


def test_output_in_git_that_is_larger_than_recorded_is_not_read(scene: Scene) -> None:
    metrics = scene.worker / "reports" / "metrics.json"
    metrics.write_bytes(bytes(100_000))
    scene.answer_again()
    scene.check_refused(
        RecordError, r"metrics.json of \w+ to have at most \d\d bytes, found 100000"
    )


def test_lock_that_is_too_large_is_not_read(scene: Scene) -> None:
    with (scene.worker / "dvc.lock").open("a") as lock:
        lock.write("#" * (1 << 24))
    scene.answer_again()
    scene.check_refused(RecordError, "to have at most 1048576 bytes, found")


def test_lock_without_the_record_is_rejected(scene: Scene) -> None:
    lock = scene.lock()
    del lock["stages"]["train"]
    YAML().dump(lock, scene.worker / "dvc.lock")
    scene.answer_again()
    scene.check_refused(RecordError, "expected a record of it in dvc.lock, found none")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "stages: 3",
        "stages: {train: null}",
        "stages: {train: [cmd]}",
        "stages: {}\nstages: {}",
        "!!python/object/apply:os.getpid []",
        "&a [*a]",
        "[" * 100_000,
    ],
)
def test_invalid_lock_is_rejected(scene: Scene, text: str) -> None:
    (scene.worker / "dvc.lock").write_text(text)
    scene.answer_again()
    scene.check_refused(RecordError, "dvc.lock of ")


def test_link_instead_of_a_file_is_rejected(scene: Scene) -> None:
    metrics = scene.worker / "reports" / "metrics.json"
    metrics.unlink()
    metrics.symlink_to("/etc/hostname")
    scene.answer_again()
    scene.check_refused(RecordError, r"reports/metrics\.json to be a file, found Git's mode 120000")


def test_missing_result_is_reported(scene: Scene) -> None:
    run(scene.root / "origin.git", "git", "update-ref", "-d", f"refs/heads/{scene.request.result}")
    scene.check_refused(PipelineError, re.escape(scene.request.result))


def test_lock_changed_since_the_request_is_not_overwritten(scene: Scene) -> None:
    with (scene.caller / "dvc.lock").open("a") as lock:
        lock.write("# of another run\n")
    with pytest.raises(PipelineError, match="to be unchanged since train was requested, found it"):
        scene.accept_result()
    assert (scene.caller / "dvc.lock").read_text().endswith("# of another run\n")
    assert (scene.caller / "model.txt").read_text() == "fast 2 one\n"


def test_missing_input_is_not_submitted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC's own push exits with 0 when the cache lacks an object."""
    shutil.rmtree(scene.root / "store")
    (raw,) = (dep for dep in scene.request.expected.deps if dep["path"] == "raw.txt")
    object_path(scene.caller / ".dvc" / "cache", raw["md5"]).unlink()
    monkeypatch.chdir(scene.caller)
    with pytest.raises(DamagedError, match="found 1 of 1 missing"):
        push_request(TRAIN, scene.caller, scene.request.expected, Timing())


def test_provenance_comes_from_the_worker(scene: Scene) -> None:
    scene.accept_result()
    of_worker = json.loads((scene.worker / "models" / "provenance.json").read_text())
    assert json.loads((scene.caller / "models" / "provenance.json").read_text()) == of_worker


@pytest.mark.parametrize("text", ["", "[]", '{"train": 1}', "[" * 100_000, '{"train": {"a": NaN}}'])
def test_unreadable_provenance_is_rejected(scene: Scene, text: str) -> None:
    (scene.worker / "models" / "provenance.json").write_text(text)
    scene.answer_again()
    scene.check_refused(RecordError, r"models/provenance\.json: expected .* nothing was accepted")


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
