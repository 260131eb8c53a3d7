"""Runs on a cache in which an object no longer matches its name."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipelines.dvc.objects import object_path
from tests.helpers import ROOT
from tests.pipelines.repositories import Git, dvc_at_work, run
from tests.pipelines.runs import FlowRun

Start = Callable[..., FlowRun]
SetParams = Callable[..., None]


@pytest.fixture
def damage(toy: Path) -> Callable[..., str]:
    """Flip a byte of the object that dvc.lock records of an output, and give its name."""

    def flip(stage: str, path: str) -> str:
        outs = YAML(typ="safe").load(toy / "dvc.lock")["stages"][stage]["outs"]
        (name,) = (out["md5"] for out in outs if out["path"] == path)
        place = object_path(toy / ".dvc" / "cache", name)
        content = bytearray(place.read_bytes())
        content[0] ^= 1
        place.chmod(0o644)
        place.write_bytes(content)
        place.chmod(0o444)
        return str(name)

    return flip


def sentence(name: str, path: str) -> str:
    return f"expected the object {name} of {path} in DVC's cache to have that MD5, found "


@pytest.mark.parametrize("path", ["model.txt", "reports/metrics.json"])
def test_damaged_earlier_result_is_not_restored(
    start: Start, set_params: SetParams, damage: Callable[..., str], toy: Path, path: str
) -> None:
    name = damage("train", path)
    set_params(epochs=3)
    run(toy, "dvc", "repro", "--quiet")
    before = (toy / "dvc.lock").read_bytes()
    set_params(epochs=2)
    _, state, message = start().end()
    assert state == "Failed"
    assert sentence(name, path) in message
    assert (toy / "dvc.lock").read_bytes() == before


def test_deleted_output_is_not_restored_from_a_damaged_object(
    start: Start, damage: Callable[..., str], git: Git, toy: Path
) -> None:
    name = damage("train", "model.txt")
    (toy / "model.txt").unlink()
    _, state, message = start().end()
    assert state == "Failed"
    assert sentence(name, "model.txt") in message
    assert not git("status", "--porcelain", "dvc.lock")


def test_stage_does_not_run_with_a_damaged_dependency(
    start: Start, damage: Callable[..., str], set_params: SetParams, git: Git
) -> None:
    name = damage("fetch", "raw.txt")
    set_params(epochs=3)
    _, state, message = start().end()
    assert state == "Failed"
    assert sentence(name, "raw.txt") in message
    assert not git("status", "--porcelain", "dvc.lock")


def test_run_does_not_check_out_a_damaged_object(
    start: Start, damage: Callable[..., str], git: Git
) -> None:
    name = damage("train", "model.txt")
    _, state, message = start(ref="main").end()
    assert state == "Failed"
    assert sentence(name, "model.txt") in message
    assert not git("branch", "--list", "runs/*")


def test_damaged_object_that_the_run_creates_again_is_ignored(
    start: Start, damage: Callable[..., str], set_params: SetParams
) -> None:
    damage("train", "model.txt")
    set_params(epochs=3)
    assert start().end()[1] == "Completed"


@pytest.mark.slow
def test_check_waits_for_another_command_of_dvcs(damage: Callable[..., str], toy: Path) -> None:
    name = damage("train", "model.txt")
    (toy / "model.txt").unlink()
    with dvc_at_work(toy):
        command = [sys.executable, "-m", "pipelines.dvc.processes.reproduce", str(toy), "train"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, sentence(name, "model.txt") in done.stderr) == (1, True)
    assert not (toy / "model.txt").exists()
