"""Who runs a stage is killed, or two run the same."""

import signal
import subprocess

import psutil
import pytest
from ruamel.yaml import YAML

from tests.helpers import is_gone, wait_until
from tests.small_project import Project, retrain

KILLS = [signal.SIGKILL, signal.SIGTERM]


@pytest.mark.parametrize("number", KILLS)
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_stage_ends_with_dvc(project: Project, number: signal.Signals, shell: str) -> None:
    before = project.outputs()
    retrain(project)
    project.environment["SHELL"] = shell

    with project.stopped_in("train", "dvc", "repro", "--single-item", "train") as (dvc, stage):
        stage.resume()
        dvc.send_signal(number)
        dvc.wait()
        wait_until(lambda: is_gone(stage.pid), pause=0.01)

    assert "continuing after epoch" in project.run("dvc", "repro")
    assert project.outputs() == before


def test_a_stage_started_through_a_shell_ends_with_dvc(project: Project) -> None:
    before = project.outputs()
    retrain(project)
    path = project.folder / "dvc.yaml"
    declared = path.read_text()
    # The shell has something to do afterwards, and so does not become the stage.
    command = "--weights models/train.safetensors --history reports/history.csv"
    path.write_text(declared.replace(command, f"{command}; true"))
    assert path.read_text() != declared

    with project.stopped_in("train", "dvc", "repro", "--single-item", "train") as (dvc, stage):
        between = stage.parent()
        assert between is not None
        assert between.pid != dvc.pid
        stage.resume()
        dvc.kill()
        dvc.wait()
        wait_until(lambda: is_gone(stage.pid), pause=0.01)

    path.write_text(declared)
    project.run("dvc", "repro")
    assert project.outputs() == before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_make_repro_explains_that_a_signal_ended_a_stage(
    project: Project, number: signal.Signals
) -> None:
    before = project.outputs()
    retrain(project)
    command = ("python", "-m", "pipelines", "repro", "train")

    with project.stopped_in("train", *command) as (repro, stage):
        stage.send_signal(number)
        stage.resume()
        output = repro.communicate()[0]

    assert repro.returncode == 1
    assert f"ended by the signal {number.name}, as when memory runs out" in output
    assert "Traceback" not in output
    project.run("dvc", "repro")
    assert project.outputs() == before


def test_a_second_process_of_a_stage_is_rejected_while_the_first_runs(
    project: Project,
) -> None:
    before = project.outputs()
    retrain(project)

    with project.stopped_in("train", *by_hand(project, "train"), DVC_STAGE="train") as (_, stage):
        output = project.run("dvc", "repro", "--single-item", "train", code=255)

    assert "expected no other process of the stage train" in output
    assert f"kill {stage.pid}" in output
    project.run("dvc", "repro")
    assert project.outputs() == before


def test_a_second_process_of_a_stage_waits_for_one_that_is_about_to_end(project: Project) -> None:
    before = project.outputs()
    retrain(project)

    with (
        project.stopped_in("train", *by_hand(project, "train"), DVC_STAGE="train") as (_, stage),
        project.started("dvc", "repro", "--single-item", "train") as second,
    ):
        wait_until(lambda: has_started_a_stage(second))
        stage.kill()
        output = second.communicate()[0]

    assert second.returncode == 0, output
    assert "continuing after epoch" in output
    project.run("dvc", "repro")
    assert project.outputs() == before


def by_hand(project: Project, stage: str) -> list[str]:
    """Give the command of a stage, to run as if DVC had started it and were gone."""
    declared = YAML(typ="safe").load(project.folder / "dvc.yaml")["stages"][stage]["cmd"]
    return str(declared).split()


def has_started_a_stage(dvc: "subprocess.Popen[str]") -> bool:
    return any(
        "stages" in child.cmdline() for child in psutil.Process(dvc.pid).children(recursive=True)
    )
