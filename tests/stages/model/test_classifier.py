import numpy as np
import pytest
import tensorflow as tf

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.views import views
from stages.params.network import NetworkError, NetworkParams
from stages.shared.artifacts import Array


def classifier(network: NetworkParams, arrays: dict[str, Array], seed: int = 1) -> Classifier:
    return Classifier(network, measure(arrays["train_images"]), 10, seed)


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


def test_the_same_weights_give_equal_probabilities(
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
