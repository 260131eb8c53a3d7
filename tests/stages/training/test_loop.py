import numpy as np
import pandas as pd

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop


def classifier(network: NetworkParams, arrays: dict[str, Array]) -> Classifier:
    return Classifier(network, measure(arrays["train_images"]), 10, seed=1)


def examples(arrays: dict[str, Array], count: int) -> Examples:
    return Examples(arrays["train_images"][:count], arrays["train_labels"][:count])


def test_training_with_validation_records_loss_and_accuracy_by_epoch(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    images, labels = small_mnist["train_images"], small_mnist["train_labels"]
    trained = classifier(small_network, small_mnist)

    validation = Examples(images[:50], labels[:50])
    loop = TrainingLoop(trained, training, machine, Examples(images, labels), validation)
    loop.run()

    history = loop.history
    assert list(history.columns) == ["epoch", "loss", "accuracy"]
    assert history["epoch"].tolist() == [1, 2]
    assert history["loss"].is_monotonic_decreasing
    assert history["accuracy"].iloc[-1] == (trained.labels(images[:50]) == labels[:50]).mean()


def test_training_without_validation_has_no_accuracy(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    trained = classifier(small_network, small_mnist)
    loop = TrainingLoop(trained, training, machine, examples(small_mnist, 40))

    loop.run()

    assert list(loop.history.columns) == ["epoch", "loss"]


def test_a_training_continues_as_if_it_had_not_stopped(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    normalized = small_network.model_copy(update={"batch_normalization": True, "dropout": 0.5})

    def loop(epochs: int) -> TrainingLoop:
        return TrainingLoop(
            classifier(normalized, small_mnist),
            training.model_copy(update={"epochs": epochs}),
            machine,
            examples(small_mnist, 40),
            examples(small_mnist, 20),
        )

    undisturbed, stopped, resumed = loop(3), loop(1), loop(3)

    undisturbed.run()
    stopped.run()
    resumed.state = dict(sorted(stopped.state.items()))
    resumed.run()

    pd.testing.assert_frame_equal(resumed.history, undisturbed.history)
    for name, array in undisturbed.classifier.weights.items():
        np.testing.assert_array_equal(resumed.classifier.weights[name], array)


def test_a_little_training_classifies_unseen_digits(
    reference_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    trained = classifier(reference_network, small_mnist)
    longer = training.model_copy(update={"epochs": 5})

    TrainingLoop(trained, longer, machine, examples(small_mnist, 600)).run()

    right = trained.labels(small_mnist["test_images"]) == small_mnist["test_labels"]
    assert right.mean() > 0.85
