from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import artifacts
from stages.artifacts import Array
from stages.dataset.standardization import measure
from stages.model import checkpoint
from stages.model.checkpoint import trained
from stages.model.classifier import Classifier, Examples
from stages.sections import NetworkParams, Training


@pytest.fixture
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
    classifier: Classifier, training: Training, examples: Examples, folder: Path
) -> pd.DataFrame:
    """Train to the end, with validation on the same examples."""
    with trained(classifier, training, examples, examples, folder):
        return classifier.history


def stop(classifier: Classifier, training: Training, examples: Examples, folder: Path) -> None:
    """Train until the first checkpoint has been written, and no further."""
    write = artifacts.write_tensors

    def write_and_stop(path: Path, state: dict[str, Array]) -> None:
        write(path, state)
        raise StoppedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(artifacts, "write_tensors", write_and_stop)
        with pytest.raises(StoppedError):
            finish(classifier, training, examples, folder)


def test_a_stopped_training_goes_on_and_ends_as_if_undisturbed(
    small_network: NetworkParams,
    training: Training,
    examples: Examples,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    undisturbed, resumed = (fresh(small_network, examples) for _ in range(2))
    expected = finish(undisturbed, training, examples, folder)
    stop(fresh(small_network, examples), training, examples, folder)

    history = finish(resumed, training, examples, folder)

    assert "going on after epoch 1" in capsys.readouterr().err
    pd.testing.assert_frame_equal(history, expected)
    for name, array in undisturbed.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], array)


def test_the_checkpoint_stands_until_what_came_of_it_is_written(
    small_network: NetworkParams, training: Training, examples: Examples, folder: Path
) -> None:
    with trained(fresh(small_network, examples), training, examples, None, folder):
        (path,) = folder.iterdir()
        (folder / f".{path.name}.killed.part").touch()

    assert not any(folder.iterdir())


def test_the_checkpoint_stays_when_what_came_of_it_cannot_be_written(
    small_network: NetworkParams, training: Training, examples: Examples, folder: Path
) -> None:
    with (
        pytest.raises(StoppedError),
        trained(fresh(small_network, examples), training, examples, None, folder),
    ):
        raise StoppedError

    assert len(list(folder.iterdir())) == 1


def test_a_damaged_checkpoint_is_passed_over_with_a_line(
    small_network: NetworkParams,
    training: Training,
    examples: Examples,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop(fresh(small_network, examples), training, examples, folder)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:100])

    history = finish(fresh(small_network, examples), training, examples, folder)

    assert history["epoch"].tolist() == [1, 2]
    assert "starting anew: " in capsys.readouterr().err


def test_another_training_does_not_take_it_over(
    small_network: NetworkParams, training: Training, examples: Examples
) -> None:
    sets = {"examples": examples}
    other_network = small_network.model_copy(update={"dense_units": 17})
    other_training = training.model_copy(update={"epochs": 3})
    other_images = {"examples": examples._replace(images=255 - examples.images)}
    other_labels = {"examples": examples._replace(labels=examples.labels[::-1])}
    other_numbers = fresh(small_network, examples._replace(images=examples.images[:30]))

    keys = [
        checkpoint._key(classifier, hyperparameters, data)
        for classifier, hyperparameters, data in (
            (fresh(small_network, examples), training, sets),
            (fresh(small_network, examples, seed=2), training, sets),
            (fresh(other_network, examples), training, sets),
            (other_numbers, training, sets),
            (fresh(small_network, examples), other_training, sets),
            (fresh(small_network, examples), training, other_images),
            (fresh(small_network, examples), training, other_labels),
            (fresh(small_network, examples), training, sets | {"validation": examples}),
        )
    ]

    assert len(set(keys)) == len(keys)
    assert keys[0] == checkpoint._key(fresh(small_network, examples), training, sets)
