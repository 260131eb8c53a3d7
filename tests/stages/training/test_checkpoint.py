import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training import checkpoint
from stages.training.batches import Examples
from stages.training.checkpoint import trained
from stages.training.loop import TrainingLoop
from stages.training.trainer import TrainingError


class KeyParts(NamedTuple):
    """What a checkpoint's key is made from."""

    classifier: Classifier
    training: Training
    machine: Machine
    sets: Mapping[str, Examples]


class Finished(NamedTuple):
    """A classifier after its training."""

    classifier: Classifier
    history: pd.DataFrame


@pytest.fixture(scope="module")
def examples(small_mnist: dict[str, Array]) -> Examples:
    return Examples(small_mnist["train_images"][:40], small_mnist["train_labels"][:40])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


def fresh(network: NetworkParams, examples: Examples, seed: int = 1) -> Classifier:
    return Classifier(network, measure(examples.images), 10, seed)


class StoppedError(Exception):
    """Stands for whatever ends a training."""


def finish(
    classifier: Classifier, training: Training, machine: Machine, examples: Examples, folder: Path
) -> pd.DataFrame:
    """Train to the end, with validation on the same examples."""
    with trained(classifier, training, machine, examples, examples, folder) as results:
        return results.history


def stop(
    classifier: Classifier, training: Training, machine: Machine, examples: Examples, folder: Path
) -> None:
    """Train until the first checkpoint has been written, and no further."""

    def raise_stopped(_: TrainingLoop) -> None:
        raise StoppedError

    with (
        pytest.raises(StoppedError),
        trained(classifier, training, machine, examples, examples, folder, [raise_stopped]),
    ):
        pytest.fail("the training went on")


@pytest.mark.parametrize(
    ("precision", "averaging"), [("float32", 0.0), ("float16", 0.0), ("float32", 0.9)]
)
def test_a_stopped_training_goes_on_and_ends_as_if_undisturbed(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    precision: str,
    averaging: float,
) -> None:
    training = training.model_copy(update={"averaging": averaging})
    mixed = machine.model_copy(update={"precision": precision})
    undisturbed, resumed = (fresh(small_network, examples) for _ in range(2))
    expected = finish(undisturbed, training, mixed, examples, folder)
    stop(fresh(small_network, examples), training, mixed, examples, folder)

    history = finish(resumed, training, mixed, examples, folder)

    assert "continuing after epoch 1" in capsys.readouterr().err
    pd.testing.assert_frame_equal(history, expected)
    for name, array in undisturbed.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], array)


def test_the_checkpoint_stands_until_what_came_of_it_is_written(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    folder: Path,
) -> None:
    with trained(fresh(small_network, examples), training, machine, examples, None, folder):
        (path,) = folder.iterdir()
        (folder / f".{path.name}.killed.part").touch()

    assert not any(folder.iterdir())


def test_the_checkpoint_stays_when_what_came_of_it_cannot_be_written(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    folder: Path,
) -> None:
    with (
        pytest.raises(StoppedError),
        trained(fresh(small_network, examples), training, machine, examples, None, folder),
    ):
        raise StoppedError

    assert len(list(folder.iterdir())) == 1


def test_the_last_good_checkpoint_stays_when_the_loss_becomes_infinite(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    folder: Path,
) -> None:
    # Steps as large as the rate, on images so bright that a few of them overflow the loss.
    diverging = training.model_copy(
        update={"learning_rate": 10.0, "batch_size": 40, "epochs": 30, "beta_2": 0.0}
    )
    infinite = examples._replace(images=examples.images.astype(np.float32) * np.float32(1e12))
    classifier = Classifier(small_network, measure(examples.images), 10, seed=1)

    with (
        pytest.raises(TrainingError, match="infinite or not a number"),
        trained(classifier, diverging, machine, infinite, None, folder),
    ):
        pytest.fail("the training went on")

    (path,) = folder.iterdir()
    kept = artifacts.read_tensors(path)
    assert len(kept["history.epoch"]) >= 1
    assert all(np.isfinite(array).all() for array in kept.values())


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


def test_a_finished_training_goes_on_when_its_checkpoint_was_kept_and_epochs_are_added(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keeping = machine.model_copy(update={"keep_checkpoint": True})
    longer = training.model_copy(update={"epochs": 3})
    undisturbed, continued = (fresh(small_network, examples) for _ in range(2))
    expected = finish(undisturbed, longer, machine, examples, folder)
    finish(fresh(small_network, examples), training, keeping, examples, folder)

    history = finish(continued, longer, keeping, examples, folder)

    assert "continuing after epoch 2" in capsys.readouterr().err
    pd.testing.assert_frame_equal(history, expected)
    for name, array in undisturbed.weights.items():
        np.testing.assert_array_equal(continued.weights[name], array)


def test_a_kept_checkpoint_of_more_epochs_is_passed_over_with_a_line(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    examples: Examples,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keeping = machine.model_copy(update={"keep_checkpoint": True})
    shorter = training.model_copy(update={"epochs": 1})
    finish(fresh(small_network, examples), training, keeping, examples, folder)

    history = finish(fresh(small_network, examples), shorter, keeping, examples, folder)

    assert history["epoch"].tolist() == [1]
    assert "is of more epochs than 1" in capsys.readouterr().err


def test_another_training_does_not_take_it_over(
    small_network: NetworkParams, training: Training, machine: Machine, examples: Examples
) -> None:
    sets = {"examples": examples}
    same = KeyParts(fresh(small_network, examples), training, machine, sets)
    other_network = small_network.model_copy(update={"dense_units": 17})
    numbers = fresh(small_network, examples._replace(images=examples.images[:30]))

    def of_examples(changed: Examples) -> KeyParts:
        return same._replace(sets={"examples": changed})

    others = [
        same._replace(classifier=fresh(small_network, examples, seed=2)),
        same._replace(classifier=fresh(other_network, examples)),
        same._replace(classifier=numbers),
        same._replace(training=training.model_copy(update={"batch_size": 9})),
        same._replace(machine=machine.model_copy(update={"precision": "bfloat16"})),
        of_examples(examples._replace(images=255 - examples.images)),
        of_examples(examples._replace(labels=examples.labels[::-1])),
        of_examples(examples._replace(rows=np.arange(39))),
        same._replace(sets=sets | {"validation": examples}),
    ]

    keys = [checkpoint.key(*arguments) for arguments in (same, *others)]

    assert len(set(keys)) == len(keys)


def test_what_does_not_change_the_weights_does_not_change_the_key(
    small_network: NetworkParams, training: Training, machine: Machine, examples: Examples
) -> None:
    sets = {"examples": examples}
    streamed = machine.model_copy(update={"input": "stream", "keep_checkpoint": True})
    longer = training.model_copy(update={"epochs": 9})
    scheduled, scheduled_longer = (
        one.model_copy(update={"decay": "linear"}) for one in (training, longer)
    )

    def key(hyperparameters: Training, settings: Machine) -> str:
        return checkpoint.key(fresh(small_network, examples), hyperparameters, settings, sets)

    assert key(training, machine) == key(longer, streamed)
    assert key(scheduled, machine) != key(scheduled_longer, machine)
