"""The whole pipeline through DVC, in a repository of its own, on the small data set."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.shared import artifacts
from tests.project_copy import copy_project

pytestmark = pytest.mark.slow


Run = Callable[..., str]
Edit = Callable[[Path, str, Any], None]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project as it stands here, with small data and nothing that was run before."""
    folder = tmp_path / "clone"
    copy_project(folder)
    return folder


@pytest.fixture
def run(clone: Path, tmp_path: Path) -> Run:
    """Run a command in the clone and give its output; it must end as expected."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DVC_SITE_CACHE_DIR": str(tmp_path / "site"),
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }

    def run(*command: str, code: int = 0) -> str:
        done = subprocess.run(
            command,
            cwd=clone,
            env=environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    run("git", "init", "--quiet", "--initial-branch=main")
    return run


def commit(run: Run) -> None:
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "run")


@pytest.mark.core
def test_a_second_repro_runs_nothing_and_commits_can_be_compared(
    run: Run, clone: Path, edit: Edit
) -> None:
    run("dvc", "repro")
    commit(run)

    assert "Data and pipelines are up to date" in run("dvc", "repro")
    assert artifacts.read_json(clone / "reports" / "metrics.json")["test"]["images"] == 200
    assert (clone / "reports" / "index.html").is_file()
    # What is in Git is small, and the rest is not in Git.
    in_git = run("git", "ls-files", "data", "models", "reports").split()
    assert "reports/metrics.json" in in_git
    assert not [name for name in in_git if name.endswith((".npy", ".safetensors", ".idx"))]

    # Another recipe's parameters leave this one's stages as they are.
    edit(clone / "params.yaml", "recipes.tutorial.training.epochs", 31)
    assert "Data and pipelines are up to date" in run("dvc", "repro")

    edit(clone / "params.yaml", "recipes.fast.split.validation_images", 120)
    ran = run("dvc", "repro")
    assert "Running stage 'train'" in ran
    assert "Stage 'retrain' didn't change, skipping" in ran
    commit(run)
    assert "validation.accuracy" in run("dvc", "metrics", "diff", "HEAD~1")
    assert "recipes.fast.split.validation_images" in run("dvc", "params", "diff", "HEAD~1")
    assert "file://" in run("dvc", "plots", "diff", "HEAD~1")

    # The folder for own pictures may be absent: it comes back empty, and only its readers run.
    shutil.rmtree(clone / "data" / "handwriting")
    ran = run("dvc", "repro")
    assert "Running stage 'handwriting'" in ran
    assert "Stage 'evaluate' didn't change, skipping" in ran
    assert artifacts.read_json(clone / "reports" / "handwriting.json")["pictures"] == 0
    assert "There is no picture to read." in (clone / "reports" / "index.html").read_text()


def test_a_bad_parameter_stops_the_run_in_one_line(run: Run, clone: Path, edit: Edit) -> None:
    edit(clone / "params.yaml", "datasets.mnist.files.train_images.bytes", 0)

    output = run("dvc", "repro", "fetch", code=255)

    assert "error: params.yaml: datasets.mnist.files.train_images.bytes must be from 1 to" in output
    assert "Traceback" not in output


def test_a_bad_parameter_of_any_section_stops_make_repro_before_a_stage_runs(
    run: Run, clone: Path, edit: Edit
) -> None:
    edit(clone / "params.yaml", "gate.min_accuracy", 99)

    output = run("python", "-m", "pipelines", "repro", code=1)

    assert "gate.min_accuracy must be from 0 to 1, found 99" in output
    assert "Running stage" not in output
    assert "Traceback" not in output


def test_the_search_is_a_pipeline_of_its_own(run: Run, clone: Path, small_search: Path) -> None:
    shutil.copy2(small_search, clone / "tuning" / "params.yaml")

    ran = run("dvc", "repro", "tuning/dvc.yaml")

    assert "Running stage 'ingest'" in ran
    assert "Running stage 'train'" not in ran
    assert "to paste into params.yaml" in ran
    for name in ("tuning.csv", "tuning.png", "tuning.yaml", "learning_curve.csv"):
        assert (clone / "reports" / name).is_file()
    assert "Data and pipelines are up to date" in run("dvc", "repro", "tuning/dvc.yaml")
