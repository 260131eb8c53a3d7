from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.training import checkpoint
from stages.training.batches import Examples
from stages.training.checkpoint import trained
from stages.training.trainer import DivergedError
from tests.stages.training.trainings import StoppedError, finish, fresh, stop


class KeyParts(NamedTuple):
    """What a checkpoint's key is made from."""

    classifier: Classifier
    training: Training
    machine: Machine
    sets: Mapping[str, Examples]


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


def test_no_checkpoint_stays_when_the_loss_becomes_infinite(
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
    finite: list[int] = []
    infinite = examples._replace(images=examples.images.astype(np.float32) * np.float32(1e12))
    classifier = Classifier(small_network, measure(examples.images), 10, seed=1)

    with (
        pytest.raises(DivergedError, match="infinite or not a number"),
        trained(
            *(classifier, diverging, machine, infinite, None, folder),
            after_epoch=[lambda _: finite.append(len(list(folder.iterdir())))],
        ),
    ):
        pytest.fail("the training went on")

    # It had a checkpoint.
    assert finite
    assert not any(folder.iterdir())


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
    assert "has more than 1 epochs" in capsys.readouterr().err


def name_of(
    classifier: Classifier, training: Training, machine: Machine, sets: Mapping[str, Examples]
) -> str:
    numbers = classifier.standardization
    return checkpoint.determinants(classifier.settings, numbers, training, machine, sets)


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

    keys = [name_of(*parts) for parts in (same, *others)]

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
        return name_of(fresh(small_network, examples), hyperparameters, settings, sets)

    assert key(training, machine) == key(longer, streamed)
    assert key(scheduled, machine) != key(scheduled_longer, machine)
