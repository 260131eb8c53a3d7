"""The flow on a real server, each run in a process of its own."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.helpers import PATIENCE, is_gone, wait_until
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import copy_toy, isolated, run
from tests.pipelines.runs import Ended, FlowRun, state_names, working_process

Start = Callable[..., FlowRun]
SetParams = Callable[..., None]

Ends = dict[str, Ended]

CACHED = {"fetch": "Cached", "train": "Cached", "report": "Cached"}


NO_REF = "expected a ref with recipe, set_param, push or promote, found none"
INVALID: list[tuple[dict[str, object], str]] = [
    ({"recipe": "tutorial"}, NO_REF),
    ({"set_param": ["epochs=3"]}, NO_REF),
    ({"push": "origin"}, NO_REF),
    ({"ref": "nowhere"}, "expected a commit, branch or tag"),
    ({"ref": "main", "set_param": ["epoch=3"]}, "set-param"),
    (
        {"ref": "main", "promote": True, "file": "tuning/dvc.yaml"},
        "expected the file dvc.yaml with promote, found tuning/dvc.yaml",
    ),
]
LATE: dict[str, object] = {"late_after": 0.000001}
PROMOTE: dict[str, object] = {"ref": "main", "promote": True}


@pytest.fixture(scope="module")
def without_changes(prefect: Prefect, tmp_path_factory: pytest.TempPathFactory) -> Ends:
    """How runs end that change nothing, by their parameters; one process starts them all."""
    root = tmp_path_factory.mktemp("without-changes")
    several = [{}, LATE, PROMOTE, *(parameters for parameters, _ in INVALID)]
    with isolated(root):
        ends = FlowRun(prefect, copy_toy(root / "toy"), *several).end_all()
    return dict(zip(map(str, several), ends, strict=True))


def test_unchanged_stages_are_cached(prefect: Prefect, without_changes: Ends) -> None:
    identity, name, message = without_changes["{}"]
    assert (name, message) == ("Completed", "3 cached")
    assert state_names(prefect.tasks(identity, *CACHED)) == CACHED
    assert prefect.runs(id=identity)[0]["name"] == "fast at working copy"


@pytest.mark.core
def test_only_changed_stages_run_with_their_log_and_records(
    prefect: Prefect, start: Start, set_params: SetParams, toy: Path
) -> None:
    set_params(epochs=3)
    identity, _, message = start().end()
    assert message == "2 ran, 1 cached"
    assert state_names(prefect.tasks(identity, *CACHED)) == {
        "fetch": "Cached",
        "train": "Ran",
        "report": "Ran",
    }
    assert (toy / "model.txt").read_text() == "fast 3 one\n"
    logs = wait_until(lambda: [line for line in prefect.logs(identity) if "epoch" in line])
    assert logs == ["epoch 1/3: loss 0.5", "epoch 2/3: loss 0.5", "epoch 3/3: loss 0.5"]
    records = prefect.artifacts(identity)
    table = {row["stage"]: row["state"] for row in json.loads(records["stages"])}
    assert table == {"fetch": "Cached", "train": "Ran", "report": "Ran"}
    (metric,) = json.loads(records["metrics"])
    assert metric["metric"] == "test.accuracy"
    assert (metric["before"], metric["after"]) == (0.2, 0.3)
    assert metric["change"] == pytest.approx(0.1)
    assert records["train-progress"] == 100
    assert prefect.description(identity, "train-progress") == "epoch 3/3: loss 0.5000"


def test_earlier_results_are_restored_without_running(
    prefect: Prefect, start: Start, set_params: SetParams, toy: Path
) -> None:
    set_params(epochs=3)
    run(toy, "dvc", "repro", "--quiet")
    set_params(epochs=2)
    identity, _, _ = start().end()
    assert state_names(prefect.tasks(identity, *CACHED))["train"] == "Restored"


def test_stages_after_an_unchanged_output_are_cached(
    prefect: Prefect, start: Start, toy: Path
) -> None:
    with (toy / "fetch.sh").open("a") as script:
        script.write("# another comment\n")
    identity, _, _ = start().end()
    assert state_names(prefect.tasks(identity, *CACHED)) == CACHED | {"fetch": "Ran"}


def test_failure_is_reported_once_and_ends_the_run(
    prefect: Prefect, start: Start, set_params: SetParams
) -> None:
    set_params(fail=True)
    identity, name, message = start().end()
    assert name == "Failed"
    assert "error: params.yaml requests a failure" in message
    tasks = prefect.tasks(identity, "fetch", "train")
    assert state_names(tasks) == {"fetch": "Cached", "train": "Failed"}
    assert tasks["train"]["run_count"] == 1
    table = json.loads(prefect.artifacts(identity)["stages"])
    assert [(row["stage"], row["state"]) for row in table] == [
        ("fetch", "Cached"),
        ("train", "Failed"),
    ]


@pytest.mark.parametrize(
    ("codes", "attempts", "name"),
    [("75\n75\n", 3, "Completed"), ("75\n75\n75\n", 3, "Failed"), ("1\n", 1, "Failed")],
)
def test_only_temporary_failures_are_retried(
    prefect: Prefect, start: Start, toy: Path, codes: str, attempts: int, name: str
) -> None:
    (toy / "source.txt").write_text("two\n")
    (toy.parent / "failures").write_text(codes)
    identity, ended, _ = start().end()
    assert ended == name
    assert prefect.tasks(identity, "fetch")["fetch"]["run_count"] == attempts


def test_timeout_ends_the_stage_and_its_processes(
    start: Start, set_params: SetParams, toy: Path
) -> None:
    # DVC takes some seconds to start the stage.
    (toy / "dvc.yaml").write_text((toy / "dvc.yaml").read_text().replace("60", "15"))
    set_params(seconds=300)
    run = start()
    pid = working_process(run)
    _, name, message = run.end()
    assert name == "Failed"
    assert "stage train was ended after 15 s, its meta.timeout in dvc.yaml." in message
    wait_until(lambda: is_gone(pid))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_next_run_succeeds_after_a_signal_ends_a_run(
    start: Start, set_params: SetParams, toy: Path, number: signal.Signals
) -> None:
    # The stage alone would take a quarter of an hour.
    set_params(seconds=300, epochs=3)
    run = start()
    pid = working_process(run)
    psutil.Process(run.process.pid).send_signal(number)
    run.process.join(PATIENCE)
    wait_until(lambda: is_gone(pid))
    set_params(seconds=0)
    assert start().end()[2] == "2 ran, 1 cached"
    assert (toy / "model.txt").read_text() == "fast 3 one\n"


def test_next_run_succeeds_after_a_run_is_killed_without_leaving_processes(
    start: Start, set_params: SetParams
) -> None:
    set_params(seconds=300, epochs=3)
    run = start()
    working_process(run)
    below = psutil.Process(run.process.pid).children(recursive=True)
    run.kill()
    wait_until(lambda: all(is_gone(one.pid) for one in below))
    set_params(seconds=0)
    assert start().end()[2] == "2 ran, 1 cached"


@pytest.mark.parametrize(("parameters", "sentence"), INVALID)
def test_invalid_parameters_fail_with_one_sentence(
    without_changes: Ends, parameters: dict[str, object], sentence: str
) -> None:
    _, name, message = without_changes[str(parameters)]
    assert name == "Failed"
    assert sentence in message


def test_run_without_a_gate_explains_why_nothing_is_promoted(without_changes: Ends) -> None:
    _, name, message = without_changes[str(PROMOTE)]
    assert name == "Completed"
    assert message.endswith("nothing is promoted, because params.yaml has no gate")


def test_late_run_is_skipped_with_a_reason(prefect: Prefect, without_changes: Ends) -> None:
    identity, name, message = without_changes[str(LATE)]
    assert name == "Skipped"
    assert message.endswith(" s late; late_after allows 1e-06 s")
    assert not prefect.tasks(identity)


def test_second_run_logs_that_it_waits_for_the_first(
    prefect: Prefect, start: Start, set_params: SetParams, tmp_path: Path
) -> None:
    (tmp_path / "hold").touch()
    set_params(epochs=1)
    first = start()
    working_process(first)
    second = start(when_busy="wait")
    sentence = "waiting for the run 'fast at working copy' ("
    wait_until(lambda: sentence in second.log.read_text())
    (tmp_path / "hold").unlink()
    assert first.end()[2] == "2 ran, 1 cached"
    identity, _, message = second.end()
    assert message == "3 cached"
    assert prefect.runs(id=identity)[0]["state_name"] == "Completed"
    assert second.log.read_text().count(sentence) == 1


def test_second_run_is_cancelled_with_a_reason(start: Start, set_params: SetParams) -> None:
    set_params(seconds=300, epochs=1)
    working_process(start())
    _, name, message = start(when_busy="cancel").end()
    assert name == "Cancelled"
    assert message.startswith("expected no other run in this repository, found the run ")
