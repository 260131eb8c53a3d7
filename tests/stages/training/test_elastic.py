import numpy as np
import pytest
import tensorflow as tf

from stages.model.share import Share
from stages.shared.artifacts import Array
from stages.training.elastic import displacement, spline_basis


def drawn(seed: list[int]) -> Array:
    """Displacements of up to 3 pixels, of 50 images of 40 x 28."""
    share, seeds = Share(0, 1, tf.constant(50)), tf.constant(seed, tf.int64)
    fields: Array = displacement(share, 40, 28, 3.0, seeds).numpy()
    return fields


@pytest.mark.parametrize("size", [1, 2, 7, 8, 28, 29, 100])
def test_each_pixel_takes_a_weighted_mean_of_the_points_around_it(size: int) -> None:
    basis = spline_basis(size)

    assert len(basis) == size
    assert basis.min() >= 0
    np.testing.assert_allclose(basis.sum(axis=1), 1, rtol=1e-6)
    # On a point of the grid, the uniform cubic B-spline is 1/6, 4/6, 1/6.
    np.testing.assert_allclose(basis[0, :4], [1 / 6, 4 / 6, 1 / 6, 0], atol=1e-6)


def test_no_pixel_moves_further_than_the_bound_and_some_nearly_do() -> None:
    fields = drawn([1, 2])

    assert fields.shape == (2, 50, 40, 28)
    assert 2 < np.abs(fields).max() <= 3


def test_neighbours_move_alike() -> None:
    fields = drawn([1, 2])

    # A cubic B-spline's slope is at most the difference of two points over their distance.
    steepest = 2 * 3 / 7
    assert max(np.abs(np.diff(fields, axis=axis)).max() for axis in (2, 3)) <= steepest


def test_every_image_and_axis_has_a_field_of_its_own() -> None:
    down, across = drawn([1, 2])

    assert not np.array_equal(down, across)
    assert not np.array_equal(down[0], down[1])


def test_the_seed_determines_the_field() -> None:
    np.testing.assert_array_equal(drawn([1, 2]), drawn([1, 2]))
    assert not np.array_equal(drawn([1, 2]), drawn([1, 3]))
