import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from stages.artifacts import Array
from stages.model.elastic import bend, sample, spline_basis

SEED = tf.constant([1, 2], tf.int64)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 28, 29, 100])
def test_each_pixel_takes_a_weighted_mean_of_the_points_around_it(size: int) -> None:
    basis = spline_basis(size)

    assert len(basis) == size
    assert basis.min() >= 0
    np.testing.assert_allclose(basis.sum(axis=1), 1, rtol=1e-6)
    # On a point of the grid, the uniform cubic B-spline is 1/6, 4/6, 1/6.
    np.testing.assert_allclose(basis[0, :4], [1 / 6, 4 / 6, 1 / 6, 0], atol=1e-6)


def test_reading_between_pixels_is_that_of_another_library() -> None:
    random = np.random.default_rng(3)
    images = random.uniform(0, 255, (4, 9, 7)).astype(np.float32)
    rows, columns = random.uniform(-3, 12, (2, 4, 9, 7)).astype(np.float32)

    found = sample(tf.constant(images), tf.constant(rows), tf.constant(columns))

    for index, image in enumerate(images):
        padded = np.pad(image, 6)
        expected = scipy.ndimage.map_coordinates(
            padded, [rows[index] + 6, columns[index] + 6], order=1
        )
        np.testing.assert_allclose(found[index], expected, rtol=1e-3, atol=1e-2)


def test_no_pixel_moves_further_than_the_bound_and_some_nearly_do() -> None:
    # A ramp shows by its value where each pixel was read.
    ramp = np.tile(np.arange(100, dtype=np.float32), (100, 1))
    images = tf.constant(np.stack([ramp] * 50))

    moved = bend(images, 3.0, SEED).numpy()[:, 5:-5, 5:-5]

    moves = np.abs(moved - ramp[5:-5, 5:-5])
    assert 1.5 < moves.max() <= 3.001


def test_every_image_bends_in_its_own_way_and_smoothly(small_mnist: dict[str, Array]) -> None:
    images = tf.cast(np.stack([small_mnist["train_images"][0]] * 3), tf.float32)

    one, other, third = bend(images, 2.0, SEED).numpy()

    assert not np.array_equal(one, other)
    assert not np.array_equal(other, third)
    assert one.sum() == pytest.approx(images[0].numpy().sum(), rel=0.3)


def test_the_seed_determines_the_bend(small_mnist: dict[str, Array]) -> None:
    images = tf.cast(small_mnist["train_images"][:3], tf.float32)

    first, same, other = (
        bend(images, 2.0, tf.constant(seed, tf.int64)).numpy() for seed in ([1, 2], [1, 2], [1, 3])
    )

    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_bound_of_zero_leaves_images_untouched(small_mnist: dict[str, Array]) -> None:
    images = tf.cast(small_mnist["train_images"][:3], tf.float32)

    assert bend(images, 0, SEED) is images
