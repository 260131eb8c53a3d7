import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from stages.model.views import views

IMAGES = np.random.default_rng(8).uniform(0, 255, (2, 5, 7)).astype(np.float32)


def test_one_view_is_the_image_itself() -> None:
    (view,) = views(tf.constant(IMAGES), 1)
    np.testing.assert_array_equal(view, IMAGES)


def test_five_views_are_the_image_and_its_shifts_by_a_pixel_by_scipy() -> None:
    first, *shifted = views(tf.constant(IMAGES), 5)

    np.testing.assert_array_equal(first, IMAGES)
    shifts = [(1, 0), (-1, 0), (0, 1), (0, -1)]
    for view, (down, right) in zip(shifted, shifts, strict=True):
        np.testing.assert_array_equal(view, ndimage.shift(IMAGES, (0, down, right), order=0))


@pytest.mark.parametrize("count", [1, 5])
def test_views_of_an_image_do_not_depend_on_the_others(count: int) -> None:
    together = views(tf.constant(IMAGES), count)
    alone = views(tf.constant(IMAGES[:1]), count)
    for one, both in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one[0], both[0])


def test_the_views_of_colours_are_those_of_each_channel() -> None:
    channels = [IMAGES, IMAGES[:, ::-1], IMAGES[:, :, ::-1]]

    together = views(tf.constant(np.stack(channels, axis=-1)), 5)

    for number, channel in enumerate(channels):
        for view, expected in zip(together, views(tf.constant(channel), 5), strict=True):
            np.testing.assert_array_equal(view.numpy()[..., number], expected)
