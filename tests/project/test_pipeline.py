"""The whole pipeline through DVC, in a repository of its own, on the small data set."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.shared import artifacts
from tests.small_project import Project

pytestmark = pytest.mark.slow


Edit = Callable[[Path, str, Any], None]


@pytest.mark.core
def test_a_second_repro_runs_nothing_and_commits_can_be_compared(
    project: Project, edit: Edit, tmp_path: Path
) -> None:
    run, folder, temporary = project.run, project.folder, tmp_path / "temporary"
    temporary.mkdir()
    assert "Data and pipelines are up to date" in run("dvc", "repro")
    assert artifacts.read_json(folder / "reports" / "metrics.json")["test"]["images"] == 200
    assert (folder / "reports" / "index.html").is_file()
    # What is in Git is small, and the rest is not in Git.
    in_git = run("git", "ls-files", "data", "models", "reports").split()
    assert "reports/metrics.json" in in_git
    assert not [name for name in in_git if name.endswith((".npy", ".safetensors", ".idx"))]

    # Another recipe's parameters leave this one's stages as they are.
    edit(folder / "params.yaml", "recipes.tutorial.training.epochs", 31)
    assert "Data and pipelines are up to date" in run("dvc", "repro")

    edit(folder / "params.yaml", "recipes.fast.split.validation_images", 120)
    ran = run("dvc", "repro", TMPDIR=str(temporary))
    assert "Running stage 'train'" in ran
    assert list(temporary.iterdir()) == []
    # It takes the temperature from train.
    assert "Running stage 'retrain'" in ran
    assert "Stage 'standardize' didn't change, skipping" in ran
    project.commit()
    assert "validation.accuracy" in run("dvc", "metrics", "diff", "HEAD~1")
    assert "recipes.fast.split.validation_images" in run("dvc", "params", "diff", "HEAD~1")
    assert "file://" in run("dvc", "plots", "diff", "HEAD~1")

    # The folder for own pictures may be absent: it comes back empty, and only its readers run.
    shutil.rmtree(folder / "data" / "handwriting")
    ran = run("dvc", "repro")
    assert "Running stage 'handwriting'" in ran
    assert "Stage 'evaluate' didn't change, skipping" in ran
    assert artifacts.read_json(folder / "reports" / "handwriting.json")["pictures"] == 0
    assert "There is no picture to read." in (folder / "reports" / "index.html").read_text()


def test_a_bad_parameter_stops_the_run_in_one_line(new_project: Project, edit: Edit) -> None:
    edit(new_project.folder / "params.yaml", "datasets.mnist.files.train_images.bytes", 0)

    output = new_project.run("dvc", "repro", "fetch", code=255)

    assert "error: params.yaml: datasets.mnist.files.train_images.bytes must be from 1 to" in output
    assert "Traceback" not in output


def test_a_bad_parameter_of_any_section_stops_make_repro_before_a_stage_runs(
    new_project: Project, edit: Edit
) -> None:
    edit(new_project.folder / "params.yaml", "datasets.mnist.gate.min_accuracy", 99)

    output = new_project.run("python", "-m", "pipelines", "repro", code=1)

    assert "gate.min_accuracy must be from 0 to 1, found 99" in output
    assert "Running stage" not in output
    assert "Traceback" not in output


def test_the_search_is_a_pipeline_of_its_own(new_project: Project, small_search: Path) -> None:
    shutil.copy2(small_search, new_project.folder / "tuning" / "params.yaml")

    ran = new_project.run("dvc", "repro", "tuning/dvc.yaml")

    assert "Running stage 'ingest'" in ran
    assert "Running stage 'train'" not in ran
    assert "add this under `recipes` in params.yaml" in ran
    for name in ("tuning.csv", "tuning.png", "tuning.yaml", "learning_curve.csv"):
        assert (new_project.folder / "reports" / name).is_file()
    assert "Data and pipelines are up to date" in new_project.run("dvc", "repro", "tuning/dvc.yaml")
