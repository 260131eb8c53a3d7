"""What the benchmarks time: DVC's own runs of a pipeline, by stage."""

import json
from pathlib import Path

import pytest

from benchmarks.clone import repro, repro_by_stage, training_seconds
from benchmarks.pipeline import with_dvc
from tests.helpers import ROOT
from tests.pipelines.repositories import copy_toy, isolate, run

pytestmark = pytest.mark.slow


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return copy_toy(tmp_path / "toy")


def test_stages_that_run_are_timed_and_dvc_has_nothing_to_do_afterwards(toy: Path) -> None:
    params = (toy / "params.yaml").read_text()
    assert "seconds: 0\n" in params
    (toy / "params.yaml").write_text(params.replace("seconds: 0\n", "seconds: 0.5\n"))
    whole, by_stage = repro_by_stage(toy)
    # The toy trains for two epochs.
    assert list(by_stage) == ["train"]
    assert 1 < by_stage["train"] < whole
    assert json.loads(run(toy, "dvc", "status", "--json")) == {}
    assert repro_by_stage(toy)[1] == {}


def test_cold_run_has_every_stage_in_order(toy: Path) -> None:
    (toy / "dvc.lock").unlink()
    run(toy, "dvc", "gc", "--workspace", "--force", "--quiet")
    assert list(repro_by_stage(toy)[1]) == ["fetch", "train", "report"]


def test_failed_run_ends_the_benchmark(toy: Path) -> None:
    (toy / "dvc.yaml").write_text("stages: {fetch: {cmd: exit 3}}\n")
    with pytest.raises(SystemExit):
        repro_by_stage(toy)
    with pytest.raises(SystemExit):
        repro(toy)


def test_seconds_of_trainings_are_those_of_the_weights_in_dvc_lock(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "provenance.json").write_text(
        '{"retrain": {"a": {"seconds": 2.5}}, "train": {"b": {"seconds": 9}, "c": {"seconds": 1}}}'
    )
    outs = "outs: [{path: models/%s.safetensors, md5: %s}]"
    stages = {"train": "c", "retrain": "a"}
    lines = [f"  {stage}: {{{outs % (stage, md5)}}}" for stage, md5 in stages.items()]
    (tmp_path / "dvc.lock").write_text("\n".join(["stages:", *lines, ""]))
    assert training_seconds(tmp_path) == 3.5


def test_what_is_left_of_the_whole_is_that_of_dvc() -> None:
    assert with_dvc({"fetch": 2.04, "train": 25}, 28.0) == {"dvc": 1.0, "fetch": 2.0, "train": 25}
