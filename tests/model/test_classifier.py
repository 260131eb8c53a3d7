import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from stages.dataset.standardization import measure
from stages.model.batches import Examples
from stages.model.classifier import Classifier
from stages.model.layers import NetworkError
from stages.model.views import views
from stages.params.machine import Machine
from stages.params.recipe import NetworkParams, Training
from stages.shared.artifacts import Array


def classifier(network: NetworkParams, arrays: dict[str, Array], seed: int = 1) -> Classifier:
    return Classifier(network, measure(arrays["train_images"]), 10, seed)


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

    trained.train(training, machine, Examples(images, labels), Examples(images[:50], labels[:50]))

    history = trained.history
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

    trained.train(training, machine, examples(small_mnist, 40))

    assert list(trained.history.columns) == ["epoch", "loss"]


def test_training_goes_on_as_if_it_had_not_stopped(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    normalized = small_network.model_copy(update={"batch_normalization": True, "dropout": 0.5})
    undisturbed, stopped, resumed = (classifier(normalized, small_mnist) for _ in range(3))
    longer = training.model_copy(update={"epochs": 3})

    fit, validation = examples(small_mnist, 40), examples(small_mnist, 20)

    undisturbed.train(longer, machine, fit, validation)
    stopped.train(longer.model_copy(update={"epochs": 1}), machine, fit, validation)
    resumed.state = dict(sorted(stopped.state.items()))
    resumed.train(longer, machine, fit, validation)
    stopped.train(longer, machine, fit, validation)

    for found in (stopped, resumed):
        pd.testing.assert_frame_equal(found.history, undisturbed.history)
        for name, array in undisturbed.weights.items():
            np.testing.assert_array_equal(found.weights[name], array)


def test_a_little_training_classifies_unseen_digits(
    reference_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
) -> None:
    trained = classifier(reference_network, small_mnist)
    longer = training.model_copy(update={"epochs": 5})

    trained.train(longer, machine, examples(small_mnist, 600))

    right = trained.labels(small_mnist["test_images"]) == small_mnist["test_labels"]
    assert right.mean() > 0.85


def test_probabilities_sum_to_one_and_do_not_depend_on_the_batch(
    small_network: NetworkParams, small_mnist: dict[str, Array]
) -> None:
    images = np.concatenate([small_mnist["train_images"]] * 2)
    untrained = classifier(small_network, small_mnist)

    probabilities = untrained.probabilities(images)

    assert probabilities.shape == (1200, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        probabilities[1100:], untrained.probabilities(images[1100:]), rtol=1e-4
    )


def test_weights_taken_over_give_equal_probabilities(
    small_network: NetworkParams, small_mnist: dict[str, Array]
) -> None:
    first = classifier(small_network, small_mnist, seed=1)
    second = classifier(small_network, small_mnist, seed=2)
    images = small_mnist["test_images"]
    assert not np.array_equal(first.probabilities(images), second.probabilities(images))

    second.weights = first.weights

    np.testing.assert_array_equal(first.probabilities(images), second.probabilities(images))


def test_five_views_are_the_mean_of_what_each_alone_gives(
    small_network: NetworkParams, small_mnist: dict[str, Array]
) -> None:
    of_one = classifier(small_network, small_mnist)
    of_five = classifier(small_network.model_copy(update={"views": 5}), small_mnist)
    images = small_mnist["test_images"][:20].astype(np.float32)

    each = [of_one.probabilities(view.numpy()) for view in views(tf.constant(images), 5)]

    np.testing.assert_allclose(of_five.probabilities(images), np.mean(each, axis=0), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_pixels_of_any_type_give_the_same_answer(
    small_network: NetworkParams, small_mnist: dict[str, Array], dtype: type
) -> None:
    untrained = classifier(small_network, small_mnist)
    images = small_mnist["test_images"][:5]

    np.testing.assert_allclose(
        untrained.probabilities(images.astype(dtype)), untrained.probabilities(images), rtol=1e-6
    )


def test_a_network_that_does_not_fit_the_images_is_refused(
    reference_network: NetworkParams,
) -> None:
    with pytest.raises(NetworkError):
        Classifier(reference_network, measure(np.zeros((2, 8, 8), np.uint8)), 10, seed=1)
