"""Content that does not match its hash in DVC."""

from pathlib import Path

import pytest

from tests.helpers import flip_bit
from tests.small_project import Project


def object_of(project: Project, stage: str, path: str) -> Path:
    """Give the place in DVC's cache of an output or, of a folder, of its list."""
    (md5,) = (str(out["md5"]) for out in project.lock()[stage]["outs"] if out["path"] == path)
    return project.folder / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]


def remove(project: Project, path: str) -> None:
    project.run("rm", "-rf", path)


def test_dvc_accepts_a_damaged_object(project: Project) -> None:
    """The reason for all of this: it fails when DVC no longer does."""
    flip_bit(object_of(project, "retrain", "models/retrain.safetensors"))
    before = project.outputs()["models/retrain.safetensors"]
    remove(project, "models/retrain.safetensors")

    project.run("dvc", "checkout")

    assert project.outputs()["models/retrain.safetensors"] != before
    assert "Data and pipelines are up to date" in project.run("dvc", "status", "dvc.yaml")


INPUTS = {"split": "data/arrays/train_labels.npy", "evaluate": "models/retrain.safetensors"}


@pytest.mark.parametrize(("stage", "path"), INPUTS.items())
def test_a_stage_does_not_start_from_a_damaged_input(
    project: Project, stage: str, path: str
) -> None:
    before = project.outputs()
    project.run("dvc", "status")
    flip_bit(project.folder / path)
    forget(project, stage)

    output = project.run("dvc", "repro", "--single-item", stage, code=255)

    assert "which dvc.lock records of the stage" in output
    assert "run `make repro`, which replaces what is damaged" in output
    assert "Traceback" not in output
    project.run("python", "-m", "pipelines", "repro")
    assert project.outputs() == before


def forget(project: Project, stage: str) -> None:
    """Have a stage run again, though nothing that it depends on has changed."""
    path = project.folder / "stages" / f"{stage}.py"
    path.write_text(path.read_text() + "\n")


OBJECTS = {
    "a file that was checked out": ("retrain", "models/retrain.safetensors", True),
    "a list of a folder": ("ingest", "data/arrays", False),
    "an output that no stage reads": ("export", "models/classifier.tflite", True),
}


@pytest.mark.parametrize(("stage", "path", "checked_out"), OBJECTS.values(), ids=OBJECTS)
def test_make_repro_runs_the_stage_of_a_damaged_object_again(
    project: Project, stage: str, path: str, checked_out: bool
) -> None:
    before = project.outputs()
    flip_bit(object_of(project, stage, path))
    remove(project, path)
    if checked_out:
        project.run("dvc", "checkout")

    output = project.run("python", "-m", "pipelines", "repro")

    assert f"{path}: damaged, moved to" in output
    assert f"stage {stage} will make it again" in output
    assert project.outputs() == before
    assert "Data and pipelines are up to date" in project.run("dvc", "repro")


@pytest.mark.parametrize("other", [None, "reports/history.csv"])
def test_make_repro_copies_an_intact_output_in_place_of_its_damaged_object(
    project: Project, other: str | None
) -> None:
    """Otherwise DVC, when it restores another output of the stage, would replace the intact one."""
    before = project.outputs()
    weights = object_of(project, "train", "models/train.safetensors")
    flip_bit(weights)
    if other:
        remove(project, other)

    output = project.run("python", "-m", "pipelines", "repro")

    assert "copied from models/train.safetensors" in output
    assert "Running stage" not in output
    assert project.outputs() == before
    assert weights.read_bytes() == before["models/train.safetensors"]


def test_make_repro_fetches_damaged_objects_from_the_remote(
    project: Project, tmp_path: Path
) -> None:
    before = project.outputs()
    project.run("dvc", "remote", "add", "--default", "--local", "storage", str(tmp_path / "remote"))
    project.run("dvc", "push")
    flip_bit(object_of(project, "retrain", "models/retrain.safetensors"))
    remove(project, "models/retrain.safetensors")

    output = project.run("python", "-m", "pipelines", "repro")

    assert "fetched again" in output
    assert "Running stage" not in output
    assert project.outputs() == before


def test_make_repro_works_without_a_remote_that_does_not_respond(project: Project) -> None:
    before = project.outputs()
    project.run("dvc", "remote", "add", "--default", "--local", "gone", "ssh://127.0.0.1:1/gone")
    flip_bit(object_of(project, "standardize", "data/standardization.safetensors"))
    remove(project, "data/standardization.safetensors")

    output = project.run("python", "-m", "pipelines", "repro")

    assert "the remote was not used" in output
    assert project.outputs() == before


def test_make_repro_repairs_damage_of_an_earlier_run(project: Project) -> None:
    """DVC restores it by its list of runs, which dvc.lock does not name yet."""
    before = project.outputs()
    weights = object_of(project, "train", "models/train.safetensors")
    set_epochs(project, 1)
    project.run("dvc", "repro", "train")
    flip_bit(weights)
    set_epochs(project, 6)

    output = project.run("python", "-m", "pipelines", "repro")

    assert "models/train.safetensors: damaged, moved to" in output
    assert project.outputs() == before


def set_epochs(project: Project, epochs: int) -> None:
    path = project.folder / "params.yaml"
    text = path.read_text()
    for found in (1, 6):
        text = text.replace(f"epochs: {found}\n", f"epochs: {epochs}\n")
    path.write_text(text)


def test_persistent_outputs_are_not_checked(project: Project) -> None:
    (project.folder / "data" / "handwriting" / "0-lamp-from-a-side.jpg").unlink()

    project.run("python", "-m", "pipelines", "repro")

    assert "Data and pipelines are up to date" in project.run("dvc", "repro")


def test_a_failing_stage_fails_make_repro(project: Project) -> None:
    path = project.folder / "params.yaml"
    path.write_text(path.read_text().replace("epochs: 6", "epochs: 0"))

    output = project.run("python", "-m", "pipelines", "repro", code=1)

    assert output.count("recipes.fast.training.epochs must be from 1 to 10000") == 1
