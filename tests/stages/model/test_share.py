import numpy as np
import pytest
import tensorflow as tf

from stages.model.network import Network
from stages.model.share import Share
from stages.params.network import NetworkParams
from stages.params.training import Augmentation
from stages.training.augmentation import distort

IMAGES = np.random.default_rng(1).random((7, 28, 28), dtype=np.float32)


def shares(count: int) -> list[Share]:
    return [Share(tf.constant(index), count, tf.constant(7)) for index in range(count)]


def test_shares_are_a_division_of_the_batch() -> None:
    parts = [share.of(tf.range(7)).numpy().tolist() for share in shares(3)]

    assert parts == [[0, 3, 6], [1, 4], [2, 5]]


def test_the_batch_may_be_the_second_axis() -> None:
    whole = tf.constant([[0, 1, 2], [10, 11, 12]])

    assert Share(1, 2, tf.constant(3)).of(whole, axis=1).numpy().tolist() == [[1], [11]]


@pytest.mark.parametrize("devices", [1, 2, 3])
def test_images_after_the_batch_go_on_with_the_next_device(devices: int) -> None:
    whole = tf.range(7 + 5)

    for share in shares(devices):
        more = share.following(tf.constant(5))
        own = [*share.of(whole[:7]).numpy(), *more.of(whole[7:]).numpy()]
        assert own == share._replace(total=tf.constant(12)).of(whole).numpy().tolist()


def test_the_images_of_a_share_are_distorted_as_in_the_whole_batch() -> None:
    augmentation = Augmentation(
        shift=2, rotation=10, scale=0.1, shear=0.1, elastic=2, interpolation="bilinear"
    )
    seeds = tf.constant([1, 2], tf.int64), tf.constant([3, 4], tf.int64)
    whole = distort(tf.constant(IMAGES), augmentation, seeds[0], seeds[1])

    for share in shares(2):
        part = distort(share.of(tf.constant(IMAGES)), augmentation, seeds[0], seeds[1], share)
        np.testing.assert_allclose(part, share.of(whole), atol=1e-6)


def test_the_units_of_a_share_are_dropped_as_in_the_whole_batch(
    small_network: NetworkParams,
) -> None:
    network = Network(small_network.model_copy(update={"dropout": 0.5}), (28, 28), 10, 1)
    seed = tf.constant([1, 2], tf.int64)
    whole = network(tf.constant(IMAGES), seed)

    for share in shares(2):
        part = network(share.of(tf.constant(IMAGES)), seed, share=share)
        np.testing.assert_allclose(part, share.of(whole), atol=1e-5)
    assert not np.allclose(whole, network(tf.constant(IMAGES)))
