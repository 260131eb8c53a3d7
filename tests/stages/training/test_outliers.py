import numpy as np
import pytest
import tensorflow as tf

from stages.model.preprocessing import Preprocessing
from stages.model.share import Share
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.drawings import drawings
from stages.training.outliers import NO_CLASS, Outliers, in_shape
from tests.stages.networks import PIXELS_TO_ONE

IMAGES = np.random.default_rng(1).uniform(0, 40, (10, 28, 28)).astype(np.float32)
LABELS = np.arange(10, dtype=np.int32)
# The training has other images, of stronger ink.
EXAMPLES = Examples(np.full((5, 28, 28), 200, np.uint8), np.zeros(5, int))
WHOLE = Share(0, 1, tf.constant(10))


def added(rate: float, share: Share = WHOLE, step: int = 0, seed: int = 1) -> tuple[Array, Array]:
    """Add to the share's images; return the images and labels that the step takes."""
    outliers = Outliers(rate, EXAMPLES, Preprocessing(PIXELS_TO_ONE), seed)
    own = share.of(tf.constant(IMAGES)), share.of(tf.constant(LABELS))
    images, labels, larger = outliers.added(*own, share, tf.constant(step))
    assert larger[:2] == share[:2]
    assert int(larger.total) == 10 + round(10 * rate)
    return images.numpy(), labels.numpy()


def test_drawings_come_after_the_images_and_have_no_class() -> None:
    images, labels = added(0.3)

    np.testing.assert_array_equal(images[:10], IMAGES)
    assert labels.tolist() == [*range(10), NO_CLASS, NO_CLASS, NO_CLASS]
    assert len(np.unique(images, axis=0)) == 13


def test_a_rate_of_zero_adds_nothing() -> None:
    images, labels = added(0)

    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


def test_their_ink_is_as_strong_as_the_strongest_of_the_training() -> None:
    images, _ = added(0.5)

    assert images[10:].max(axis=(1, 2)) == pytest.approx(200)
    assert (images[10:, 0, 0] == 0).all()


def test_only_the_chosen_images_tell_what_strong_ink_is() -> None:
    images = np.stack([np.full((28, 28), 90), np.full((28, 28), 255)])
    outliers = Outliers(
        1, Examples(images, np.zeros(2, int), np.array([0])), Preprocessing(PIXELS_TO_ONE), 1
    )

    shown, *_ = outliers.added(tf.constant(IMAGES), tf.constant(LABELS), WHOLE, tf.constant(0))

    assert float(tf.reduce_max(shown[10:])) == pytest.approx(90)


def test_steps_and_seeds_have_different_drawings() -> None:
    sets = [added(0.5)[0], added(0.5, step=1)[0], added(0.5, seed=2)[0]]

    assert len(np.unique(np.concatenate([images[10:] for images in sets]), axis=0)) == 15


@pytest.mark.parametrize("devices", [2, 3])
def test_devices_share_them_as_one_larger_batch(devices: int) -> None:
    images, labels = added(0.7)

    for device in range(devices):
        own_images, own_labels = added(0.7, Share(tf.constant(device), devices, tf.constant(10)))
        np.testing.assert_array_equal(own_images, images[device::devices])
        np.testing.assert_array_equal(own_labels, labels[device::devices])


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (64, 64, 3), (20, 60)])
def test_drawings_get_the_shape_of_the_images_and_keep_their_proportions(
    shape: tuple[int, ...],
) -> None:
    drawn = drawings(20, np.random.default_rng(1))

    scaled = in_shape(drawn, shape).numpy()

    assert scaled.shape == (20, *shape)
    assert scaled.dtype == np.uint8
    side = min(shape[:2])
    ink = scaled.reshape(20, *shape[:2], -1).astype(float) / 255
    covered = ink[..., 0].sum(axis=(1, 2)) / side**2
    np.testing.assert_allclose(covered, drawn.mean(axis=(1, 2)) / 255, atol=0.02)
    assert (ink == ink[..., :1]).all()


def test_drawings_of_the_same_shape_stay_as_they_are() -> None:
    drawn = drawings(20, np.random.default_rng(1))

    np.testing.assert_array_equal(in_shape(drawn, (28, 28)), drawn)
