"""Something that a stage depends on is changed while it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.small_project import Project, retrain

Change = Callable[[Path], object]


def append(name: str, text: str) -> Change:
    """Edit a file where it is, as `echo >>` does."""

    def change(folder: Path) -> None:
        path = folder / name
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + text.encode())

    return change


def replace(name: str, old: str, new: str) -> Change:
    """Put another file in the place of one, as editors and Git do."""

    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text()
        assert old in text
        other = path.with_name("other")
        other.write_text(text.replace(old, new))
        other.replace(path)

    return change


def write(name: str, text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).write_text(text)

    return change


CHANGES: dict[str, tuple[Change, str]] = {
    "a parameter": (
        replace("params.yaml", "learning_rate: 0.006", "learning_rate: 0.001"),
        "recipes.fast.training in params.yaml",
    ),
    "a module": (append("stages/training/loss.py", "# edited\n"), "stages/training/loss.py"),
    "an input": (append("data/split/fit.npy", "x"), "data/split/fit.npy"),
    "a file more in a folder": (write("data/arrays/more.npy", "x"), "data/arrays/more.npy"),
}


@pytest.mark.parametrize(("change", "named"), CHANGES.values(), ids=CHANGES)
def test_change_during_a_stage_is_named_and_nothing_is_recorded(
    project: Project, change: Change, named: str
) -> None:
    before = project.outputs()
    retrain(project)
    runs, locked = project.run_cache(), (project.folder / "dvc.lock").read_bytes()

    with project.stopped_in("train", "dvc", "repro", "--single-item", "train") as (dvc, stage):
        change(project.folder)
        stage.resume()
        output = dvc.communicate()[0]

    assert dvc.returncode == 255
    assert "error: expected everything that the stage train depends on to stay as it was" in output
    assert named in output
    assert "Traceback" not in output
    assert (project.folder / "dvc.lock").read_bytes() == locked
    assert project.run_cache() == runs
    assert not (project.folder / "models" / "train.safetensors").exists()
    assert list((project.folder / "models" / "checkpoints").iterdir())

    undo(project, before)
    output = project.run("dvc", "repro")
    assert "continuing after epoch 6" in output
    assert project.outputs() == before


def touch(name: str) -> Change:
    return lambda folder: (folder / name).touch()


def undo(project: Project, outputs: Any) -> None:
    project.run("git", "checkout", "--quiet", "--", "params.yaml", "stages")
    for name, content in outputs.items():
        if name.startswith("data/"):
            (project.folder / name).unlink(missing_ok=True)
            (project.folder / name).write_bytes(content)
    for name in set(project.outputs()) - set(outputs):
        (project.folder / name).unlink()


def test_checkout_of_another_branch_during_a_stage_is_detected(project: Project) -> None:
    project.run("git", "checkout", "--quiet", "-b", "other")
    replace("params.yaml", "epochs: 6", "epochs: 1")(project.folder)
    project.run("git", "commit", "--quiet", "--all", "--message", "one epoch")
    before = project.outputs()
    project.run("git", "checkout", "--quiet", "main")
    retrain(project)

    with project.stopped_in("train", "dvc", "repro", "--single-item", "train") as (dvc, stage):
        project.run("git", "checkout", "--quiet", "other")
        stage.resume()
        output = dvc.communicate()[0]

    assert "found changed: recipes.fast.training in params.yaml;" in output
    project.run("dvc", "repro", "train")
    assert (project.folder / "reports" / "history.csv").read_text().count("\n") == 2
    project.run("git", "checkout", "--quiet", "--force", "main")
    project.run("dvc", "repro")
    assert project.outputs() == before


def test_irrelevant_files_may_change_during_a_stage(project: Project) -> None:
    before = project.outputs()
    retrain(project)

    with project.stopped_in("train", "dvc", "repro", "--single-item", "train") as (dvc, stage):
        for change in (
            replace("params.yaml", "learning_rate: 0.0001", "learning_rate: 0.0002"),
            append("params.yaml", "# a comment\n"),
            append("README.md", "more\n"),
            append("stages/report.py", "# of another stage\n"),
            touch("stages/train.py"),
            touch("data/split/fit.npy"),
        ):
            change(project.folder)
        stage.resume()
        output = dvc.communicate()[0]

    assert dvc.returncode == 0, output
    assert project.outputs() == before


def test_change_during_a_flow_fails_with_one_sentence(project: Project, tmp_path: Path) -> None:
    before = project.outputs()
    retrain(project)
    project.environment |= {"HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path / "prefect")}

    with project.stopped_in("train", "python", "-m", "pipelines", "flow") as (flow, stage):
        append("stages/training/loss.py", "# edited\n")(project.folder)
        stage.resume()
        output = flow.communicate()[0]

    assert flow.returncode == 1
    assert (
        "depends on to stay as it was while it ran, found changed: stages/training/loss.py"
        in output
    )
    assert "Traceback" not in output
    undo(project, before)
    project.run("dvc", "repro")
    assert project.outputs() == before
