import numpy as np
import pytest
import tensorflow as tf

from stages.model.temperature import corrected, raised

PROBABILITIES = np.array([[0.9, 0.1], [0.5, 0.5], [1.0, 0.0]], np.float32)


def test_a_temperature_divides_the_logarithm_of_the_odds() -> None:
    found = corrected(tf.constant(PROBABILITIES), tf.constant(0.5)).numpy()

    # Odds of 9 become 81.
    assert found[0].tolist() == pytest.approx([81 / 82, 1 / 82])
    assert found[1].tolist() == pytest.approx([0.5, 0.5])
    assert found[2].tolist() == [1, 0]


def test_a_temperature_of_one_changes_nothing() -> None:
    found = corrected(tf.constant(PROBABILITIES), tf.constant(1.0))

    np.testing.assert_allclose(found, PROBABILITIES, atol=1e-7)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_correction_can_be_undone(temperature: float) -> None:
    answers = np.random.default_rng(1).dirichlet(np.ones(10), 50).astype(np.float32)

    found = corrected(tf.constant(answers), tf.constant(temperature)).numpy()

    np.testing.assert_allclose(raised(found, temperature), answers, atol=1e-5)
    np.testing.assert_allclose(raised(answers, 1 / temperature), found, atol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), answers.argmax(axis=1))
