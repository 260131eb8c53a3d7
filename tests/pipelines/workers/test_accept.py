"""Results that are accepted whole, and results that are refused for what belongs together."""

import json
import re
import shutil
from pathlib import Path

import pytest

from benchmarks.tampering import TAMPERINGS, Answered
from pipelines.dvc.objects import object_path
from pipelines.errors import DamagedError, MismatchError, PipelineError, RecordError
from pipelines.system import durable
from tests.helpers import md5
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import run
from tests.pipelines.workers.scene import METRICS, MODEL, Scene

pytestmark = pytest.mark.slow


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


def test_provenance_comes_from_the_worker(scene: Scene) -> None:
    scene.accept_result()
    of_worker = json.loads((scene.worker / "models" / "provenance.json").read_text())
    assert json.loads((scene.caller / "models" / "provenance.json").read_text()) == of_worker


def test_missing_result_is_reported(scene: Scene) -> None:
    run(scene.root / "origin.git", "git", "update-ref", "-d", f"refs/heads/{scene.request.result}")
    scene.check_refused(PipelineError, re.escape(scene.request.result))


def test_request_itself_is_rejected_as_a_result(scene: Scene) -> None:
    run(scene.worker, "git", "reset", "--quiet", "--hard", scene.request.commit)
    scene.push()
    scene.check_refused(MismatchError, "expected a commit whose parent is")


def test_lock_changed_since_the_request_is_not_overwritten(scene: Scene) -> None:
    with (scene.caller / "dvc.lock").open("a") as lock:
        lock.write("# of another run\n")
    with pytest.raises(PipelineError, match="to be unchanged since train was requested, found it"):
        scene.accept_result()
    assert (scene.caller / "dvc.lock").read_text().endswith("# of another run\n")
    assert (scene.caller / "model.txt").read_text() == "fast 2 one\n"


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


def test_accepting_changes_neither_branch_nor_index(scene: Scene) -> None:
    scene.accept_result()
    after = scene.contents()
    git = {name: content for name, content in scene.before.items() if name.startswith(".git/")}
    assert {name: after[name] for name in after if name.startswith(".git/")} == git
    assert after[METRICS][0] == after["dvc.lock"][0] == "-rw-r--r--"


def test_folder_in_git_is_accepted_as_the_first_output(scene: Scene) -> None:
    files = {"a.json": b"{}\n", "b/c.json": b"[]\n"}
    scene.answer_with_folder(files)
    scene.accept_result()
    assert {name: (scene.caller / METRICS / name).read_bytes() for name in files} == files
    assert not run(scene.caller, "dvc", "status", "train").partition("changed")[1]


def test_folder_in_the_cache_is_accepted_as_the_first_output(scene: Scene) -> None:
    files = [(md5(content), content) for content in (b"1\n", b"22\n")]
    names = zip(("a.txt", "b/c.txt"), files, strict=True)
    listed = [{"md5": found, "relpath": name} for name, (found, _) in names]
    scene.answer_with_list(json.dumps(listed).encode(), files)
    scene.accept_result()
    assert (scene.caller / MODEL / "a.txt").read_bytes() == b"1\n"
    assert (scene.caller / MODEL / "b" / "c.txt").read_bytes() == b"22\n"
    assert not run(scene.caller, "dvc", "status", "train").partition("changed")[1]


@pytest.mark.parametrize("number", range(5))
def test_result_that_cannot_be_written_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Fail each of the moves: an object, an output of each kind, the provenance, dvc.lock."""
    here = object_path(scene.caller / ".dvc" / "cache", scene.output()["md5"])
    here.parent.mkdir(parents=True, exist_ok=True)
    here.write_text("fast 3 damaged\n")
    shutil.rmtree(scene.caller / "models", ignore_errors=True)
    scene.before = scene.contents()
    moved: list[Path] = []
    move = durable.move

    def fail(source: Path, target: Path) -> None:
        moved.append(target)
        if len(moved) > number:
            raise OSError(28, "No space left on device")
        move(source, target)

    monkeypatch.setattr(durable, "move", fail)
    scene.check_refused(PipelineError, "expected to write the result for train, found: .* left on")
    places = [here, *(scene.caller / name for name in (MODEL, METRICS, "models/provenance.json"))]
    assert moved == [*places, scene.caller / "dvc.lock"][: number + 1]
