import numpy as np
import pytest
import tensorflow as tf

from stages.dataset.standardization import measure
from stages.model.preprocessing import Preprocessing
from stages.shared.artifacts import Array

DARK_ON_LIGHT = np.array([[[9, 9, 9], [9, 1, 9], [9, 9, 9]], [[9, 9, 9], [9, 3, 9], [9, 9, 9]]])


@pytest.mark.parametrize("images", [DARK_ON_LIGHT, -DARK_ON_LIGHT, 100 - DARK_ON_LIGHT])
def test_ink_is_above_a_background_of_zero(images: Array) -> None:
    ink = Preprocessing(measure(images)).ink(tf.constant(images))

    assert ink.dtype == tf.float32
    np.testing.assert_array_equal(ink, 9 - DARK_ON_LIGHT)


@pytest.mark.parametrize("images", [DARK_ON_LIGHT, 100 - DARK_ON_LIGHT])
def test_the_input_is_the_ink_by_its_mean_and_standard_deviation(images: Array) -> None:
    preprocessing = Preprocessing(measure(images))

    standardized = preprocessing.standardize(preprocessing.ink(tf.constant(images)))

    # By hand: of ink, the mean is 7 in the middle and 0 elsewhere; the overall mean is 14 / 18.
    expected = np.zeros((2, 3, 3))
    expected[:, 1, 1] = [1, -1]
    squares = 16 * (14 / 18) ** 2 + (8 - 14 / 18) ** 2 + (6 - 14 / 18) ** 2
    np.testing.assert_allclose(standardized, expected / (squares / 18) ** 0.5, rtol=1e-5)
