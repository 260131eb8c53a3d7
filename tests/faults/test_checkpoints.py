"""A checkpoint is damaged between a killed training and the next one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import is_gone, wait_until
from tests.small_project import Project, retrain


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 0x40
    path.chmod(0o644)
    path.write_bytes(content)


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[: len(content) // 2])


def put_a_folder_there(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, put_a_folder_there])
def test_a_damaged_checkpoint_is_not_used(project: Project, damage: Callable[[Path], None]) -> None:
    before = project.outputs()
    retrain(project)
    with project.stopped_in("train", "dvc", "repro", "--single-item", "train") as (dvc, stage):
        dvc.kill()
        stage.resume()
        wait_until(lambda: is_gone(stage.pid))
    (checkpoint,) = (project.folder / "models" / "checkpoints").glob("*.safetensors")
    damage(checkpoint)

    output = project.run("dvc", "repro")

    assert "starting from scratch" in output
    assert "Traceback" not in output
    assert project.outputs() == before
