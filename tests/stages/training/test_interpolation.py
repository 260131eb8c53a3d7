from typing import get_args

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf
from PIL import Image

from stages.params.training import Interpolation
from stages.shared.artifacts import Array
from stages.training.interpolation import magnify, sample

IMAGES = np.random.default_rng(3).uniform(0, 255, (4, 9, 7)).astype(np.float32)


def read(images: Array, rows: Array, columns: Array, interpolation: Interpolation) -> Array:
    down, right = (tf.constant(np.broadcast_to(axis, images.shape)) for axis in (rows, columns))
    found: Array = sample(tf.constant(images), down, right, interpolation).numpy()
    return found


def test_what_lies_half_way_is_that_of_pillows_bicubic_within_the_images_range() -> None:
    magnified = magnify(tf.constant(IMAGES)).numpy()

    # Pillow counts from a pixel's edge, so that a quarter of one is outside of all the places.
    box = (0.25, 0.25, 7 - 0.25, 9 - 0.25)
    for image, found in zip(IMAGES, magnified, strict=True):
        expected = Image.fromarray(image).resize((13, 17), Image.Resampling.BICUBIC, box)
        inside = np.clip(np.asarray(expected), 0, image.max())[2:-2, 2:-2]
        np.testing.assert_allclose(found[2:-2, 2:-2], inside, rtol=1e-4, atol=1e-2)


def test_at_the_edge_what_is_outside_counts_as_zero() -> None:
    magnified = magnify(tf.constant(IMAGES)).numpy()

    row = IMAGES[:, 0, :]
    expected = (9 * (row[:, 0] + row[:, 1]) - row[:, 2]) / 16
    np.testing.assert_allclose(magnified[:, 0, 1], np.clip(expected, 0, None), rtol=1e-4)


@pytest.mark.parametrize("interpolation", get_args(Interpolation))
def test_between_the_pixels_that_there_are_it_reads_as_scipy_does(
    interpolation: Interpolation,
) -> None:
    rows, columns = np.random.default_rng(4).uniform(-3, 12, (2, 4, 9, 7)).astype(np.float32)

    found = read(IMAGES, rows, columns, interpolation)

    finer = interpolation == "bicubic"
    scale, pixels = (2, magnify(tf.constant(IMAGES)).numpy()) if finer else (1, IMAGES)
    for index, image in enumerate(pixels):
        places = [scale * rows[index] + 9, scale * columns[index] + 9]
        expected = scipy.ndimage.map_coordinates(np.pad(image, 9), places, order=1)
        np.testing.assert_allclose(found[index], expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("interpolation", get_args(Interpolation))
def test_a_pixel_read_where_it_is_stays_what_it_is(interpolation: Interpolation) -> None:
    rows, columns = np.indices((9, 7), dtype=np.float32)

    np.testing.assert_array_equal(read(IMAGES, rows, columns, interpolation), IMAGES)


@pytest.mark.parametrize(
    ("interpolation", "expected"),
    [("bilinear", [0, 0, 1 / 2, 1 / 2, 0, 0]), ("bicubic", [0, 0, 9 / 16, 9 / 16, 0, 0])],
)
def test_half_a_pixel_further_a_stroke_is_as_computed_by_hand(
    interpolation: Interpolation, expected: list[float]
) -> None:
    """Of the weights (-1, 9, 9, -1) / 16, those below 0 leave the background what it is."""
    stroke = np.tile(np.array([0, 0, 1, 0, 0, 0], np.float32), (1, 6, 1))
    rows, columns = np.indices((6, 6), dtype=np.float32)

    moved = read(stroke, rows, columns - 0.5, interpolation)

    np.testing.assert_allclose(moved[0, 3], expected, atol=1e-6)
