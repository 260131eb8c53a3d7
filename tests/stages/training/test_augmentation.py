import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from stages.params.training import Augmentation
from stages.shared.artifacts import Array
from stages.training import augmentation
from stages.training.augmentation import distort
from stages.training.interpolation import sample

SEED = tf.constant([1, 2], tf.int64)
STILL = Augmentation(
    shift=0.0, rotation=0.0, scale=0.0, shear=0.0, elastic=0.0, interpolation="bicubic"
)


def blob(size: int = 28) -> Array:
    """A smooth, off-centre picture that interpolation does not blur much."""
    rows, columns = np.mgrid[:size, :size]
    picture: Array = np.exp(-((rows - 12) ** 2 + (columns - 16) ** 2) / 20).astype(np.float32)
    return picture


def mapped(image: Array, **amounts: float) -> Array:
    """Apply stated amounts (angle, scale, shear, down, right) instead of random ones."""
    names = ("angle", "scale", "shear", "down", "right")
    stated = tf.constant([[amounts.get(name, 0.0)] for name in names], tf.float32)
    sources = augmentation._sources(stated, *image.shape)
    images = tf.constant(image[np.newaxis])
    picture: Array = sample(images, *sources, STILL.interpolation)[0].numpy()
    return picture


def centre(image: Array) -> tuple[float, float]:
    down, right = scipy.ndimage.center_of_mass(image)
    return float(down), float(right)


def test_amounts_of_zero_leave_images_untouched(small_mnist: dict[str, Array]) -> None:
    images = tf.cast(small_mnist["train_images"][:3], tf.float32)

    assert distort(images, STILL, SEED, SEED) is images


def test_a_shift_by_whole_pixels_moves_the_picture_down_and_right() -> None:
    moved = mapped(blob(), down=2.0, right=-3.0)

    np.testing.assert_allclose(moved[2:, :-3], blob()[:-2, 3:], atol=1e-6)
    assert not moved[:2].any()


def test_a_quarter_turn_equals_numpy() -> None:
    turned = mapped(blob(), angle=np.pi / 2)

    assert any(np.allclose(turned, np.rot90(blob(), turns), atol=1e-5) for turns in (1, 3))


def test_scale_enlarges_about_the_centre() -> None:
    larger = mapped(blob(), scale=0.2)

    down, right = np.subtract(centre(blob()), 13.5)
    assert np.subtract(centre(larger), 13.5) == pytest.approx((1.2 * down, 1.2 * right), abs=0.05)
    assert larger.sum() == pytest.approx(1.2**2 * blob().sum(), rel=0.01)


def test_shear_moves_rows_by_their_height_above_the_centre() -> None:
    sheared = mapped(blob(), shear=0.5)

    down, right = np.subtract(centre(blob()), 13.5)
    assert np.subtract(centre(sheared), 13.5) == pytest.approx((down, right - 0.5 * down), abs=0.05)


def test_random_shifts_stay_within_their_bound_and_use_it() -> None:
    images = tf.constant(np.repeat(blob()[np.newaxis], 200, axis=0))

    moved = distort(images, STILL.model_copy(update={"shift": 3.0}), SEED, SEED).numpy()

    shifts = np.array([np.subtract(centre(image), centre(blob())) for image in moved])
    assert np.abs(shifts).max() == pytest.approx(3, abs=0.15)
    assert np.abs(shifts.mean(axis=0)).max() < 0.5


def test_an_elastic_distortion_alone_moves_no_pixel_further_than_its_bound() -> None:
    # A ramp shows by its value where each pixel was read.
    ramp = np.tile(np.arange(100, dtype=np.float32), (100, 1))
    images = tf.constant(np.stack([ramp] * 5))

    moved = distort(images, STILL.model_copy(update={"elastic": 3.0}), SEED, SEED).numpy()

    assert 1 < np.abs(moved - ramp)[:, 5:-5, 5:-5].max() <= 3.001


@pytest.mark.parametrize("seeds", [([1, 3], [1, 2]), ([1, 2], [1, 3])], ids=["affine", "elastic"])
def test_the_seeds_determine_the_distortion(
    seeds: tuple[list[int], list[int]], small_mnist: dict[str, Array]
) -> None:
    images = tf.cast(small_mnist["train_images"][:5], tf.float32)
    amounts = Augmentation(
        shift=2.0, rotation=10.0, scale=0.1, shear=0.1, elastic=1.0, interpolation="bicubic"
    )

    first, same, other = (
        distort(
            images, amounts, tf.constant(affine, tf.int64), tf.constant(elastic, tf.int64)
        ).numpy()
        for affine, elastic in (([1, 2], [1, 2]), ([1, 2], [1, 2]), seeds)
    )

    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_all_channels_of_an_image_are_distorted_alike(small_mnist: dict[str, Array]) -> None:
    images = tf.cast(small_mnist["train_images"][:3], tf.float32)
    amounts = Augmentation(
        shift=1.0, rotation=8.0, scale=0.1, shear=0.1, elastic=1.0, interpolation="bicubic"
    )

    grey = distort(images, amounts, SEED, SEED)
    colours = tf.stack([images, 2 * images, 0 * images], axis=-1)
    red, green, blue = tf.unstack(distort(colours, amounts, SEED, SEED), axis=-1)

    np.testing.assert_array_equal(red, grey)
    np.testing.assert_allclose(green, 2 * grey, rtol=1e-6)
    assert not blue.numpy().any()
