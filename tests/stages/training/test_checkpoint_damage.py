"""Checkpoints that were damaged, and folders that cannot hold one."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

from stages.model.classifier import Classifier
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from tests.stages.training.trainings import finish, fresh, stop

pytestmark = pytest.mark.slow


class Finished(NamedTuple):
    """A classifier after its training."""

    classifier: Classifier
    history: pd.DataFrame


def flip(path: Path, name: str) -> None:
    """Flip the lowest bit of a tensor's last byte, as a failing disk would."""
    content = bytearray(path.read_bytes())
    length = int.from_bytes(content[:8], "little")
    end = 8 + length + json.loads(content[8 : 8 + length])[name]["data_offsets"][1]
    content[end - 1] ^= 1
    path.write_bytes(content)


def change(path: Path, edit: Callable[[dict[str, Array]], object]) -> None:
    """Change the tensors, and leave what else the file says as it is."""
    tensors, metadata = artifacts.tensors_and_metadata(path)
    edit(tensors)
    artifacts.write_tensors(path, tensors, metadata)


def rename(tensors: dict[str, Array]) -> None:
    tensors["other"] = tensors.pop("history.epoch")


def replace(path: Path, make: Callable[[Path], object]) -> None:
    """Put something else in the file's place."""
    path.unlink()
    make(path)


def replace_folder(path: Path, make: Callable[[Path], object]) -> None:
    """Put something else in the place of the file's folder."""
    path.unlink()
    path.parent.rmdir()
    make(path.parent)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit of a weight": lambda path: flip(path, "conv_1.kernel"),
    "a bit of the optimizer": lambda path: flip(path, "optimizer.square.conv_1.kernel"),
    "a bit of the count of epochs": lambda path: flip(path, "history.epoch"),
    "a bit of the history": lambda path: flip(path, "history.loss"),
    "a tensor renamed": lambda path: change(path, rename),
    "the epochs missing": lambda path: change(path, lambda found: found.pop("history.epoch")),
    "a weight missing": lambda path: change(path, lambda found: found.pop("conv_1.bias")),
    "another shape": lambda path: change(
        path, lambda found: found.update({"conv_1.bias": np.zeros(5, np.float32)})
    ),
    "another dtype": lambda path: change(
        path, lambda found: found.update({"conv_1.bias": found["conv_1.bias"].astype(np.float64)})
    ),
    "a dtype that NumPy lacks": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"dtype":"F32"', b'"dtype":"F8_"', 1)
    ),
    "NaN": lambda path: change(path, lambda found: found["conv_1.bias"].fill(np.nan)),
    "no digest": lambda path: artifacts.write_tensors(path, artifacts.read_tensors(path)),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "cut off within the header": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "empty": lambda path: path.write_bytes(b""),
    "too large": lambda path: os.truncate(path, 1 << 40),
    "a folder": lambda path: replace(path, lambda place: (place / "note").mkdir(parents=True)),
    "a link to nothing": lambda path: replace(path, lambda place: place.symlink_to("nothing")),
    "a link to a folder": lambda path: replace(path, lambda place: place.symlink_to("/")),
    "a pipe": lambda path: replace(path, os.mkfifo),
}
OBSTACLES: dict[str, Callable[[Path], object]] = {
    "a file for its folder": lambda path: replace_folder(path, Path.touch),
    "a link to nothing for its folder": lambda path: replace_folder(
        path, lambda folder: folder.symlink_to("/nothing/there")
    ),
}


@pytest.fixture(scope="module")
def undisturbed(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    tmp_path_factory: pytest.TempPathFactory,
) -> Finished:
    """Trained to the end without a stop."""
    classifier = fresh(small_network, examples)
    folder = tmp_path_factory.mktemp("checkpoints")
    return Finished(classifier, finish(classifier, training, machine, examples, folder))


@pytest.fixture(scope="module")
def checkpoint_after_one(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The checkpoint that a stopped training leaves."""
    folder = tmp_path_factory.mktemp("checkpoints")
    stop(fresh(small_network, examples), training, machine, examples, folder)
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("damage", [*DAMAGES, *OBSTACLES])
def test_a_damaged_checkpoint_is_reported_in_a_line_and_changes_no_byte(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    undisturbed: Finished,
    checkpoint_after_one: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    path = folder / checkpoint_after_one.name
    for _ in range(2):
        folder.mkdir(exist_ok=True)
        shutil.copy(checkpoint_after_one, path)
        (DAMAGES | OBSTACLES)[damage](path)
        disturbed = fresh(small_network, examples)

        history = finish(disturbed, training, machine, examples, folder)

        output = capsys.readouterr().err.splitlines()
        lines = [line for line in output if not line.startswith(("epoch ", "trained "))]
        assert bytes_of(disturbed) == bytes_of(undisturbed.classifier)
        pd.testing.assert_frame_equal(history, undisturbed.history)
        if damage in DAMAGES:
            assert lines[0].startswith(f"starting from scratch: {path}: expected ")
        assert len(lines) == 1 + (damage == "a folder")
        assert (damage in {"a folder", *OBSTACLES}) == lines[-1].startswith("moved ")
        assert not path.exists()


def bytes_of(classifier: Classifier) -> bytes:
    return safetensors.numpy.save(classifier.weights)


def test_the_checkpoint_of_another_training_is_refused_under_this_ones_name(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    undisturbed: Finished,
    checkpoint_after_one: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop(fresh(small_network, examples, seed=2), training, machine, examples, folder)
    (other,) = folder.iterdir()
    other.rename(folder / checkpoint_after_one.name)
    disturbed = fresh(small_network, examples)

    finish(disturbed, training, machine, examples, folder)

    assert "starting from scratch: " in capsys.readouterr().err
    assert bytes_of(disturbed) == bytes_of(undisturbed.classifier)


def test_a_training_ends_well_where_no_checkpoint_can_be_written(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    undisturbed: Finished,
    capsys: pytest.CaptureFixture[str],
) -> None:
    unkept = fresh(small_network, examples)

    finish(unkept, training, machine, examples, Path("/proc/nothing"))

    assert capsys.readouterr().err.count("continuing without /proc/nothing/") == 2
    assert bytes_of(unkept) == bytes_of(undisturbed.classifier)
