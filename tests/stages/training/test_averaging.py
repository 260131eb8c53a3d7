import numpy as np
import pytest
import tensorflow as tf

from stages.training.averaging import WeightAverage


def epochs(share: float, values: list[list[float]]) -> tuple[list[float], list[float]]:
    """Let a variable take the values step by step; give what it holds after and before epochs."""
    variable = tf.Variable(tf.constant(0.0), name="weight")
    average = WeightAverage([variable], share, sum(map(len, values)))
    after, before, step = [], [], 0
    for steps in values:
        average.begin_epoch()
        before.append(float(variable))
        for value in steps:
            variable.assign(value)
            average.update(tf.constant(step))
            step += 1
        average.end_epoch()
        after.append(float(variable))
    return after, before


def test_the_last_steps_are_averaged() -> None:
    after, _ = epochs(0.5, [[1, 2, 3], [4, 5, 9]])

    assert after == pytest.approx([3, 6])


def test_the_average_goes_on_over_epochs() -> None:
    after, _ = epochs(1, [[1, 2], [3, 6]])

    assert after == pytest.approx([1.5, 3])


def test_a_share_of_less_than_a_step_is_the_last_step() -> None:
    after, _ = epochs(0.001, [[1, 2], [3, 6]])

    assert after == [2, 6]


def test_training_goes_on_from_its_own_values() -> None:
    _, before = epochs(1, [[1, 2], [3, 6]])

    assert before == [0, 2]


def test_what_it_needs_to_go_on_is_its_state() -> None:
    variable = tf.Variable(tf.constant([1.0, 2.0]), name="weight")
    average = WeightAverage([variable], 1, 10)
    variable.assign([3.0, 6.0])
    average.update(tf.constant(0))
    average.end_epoch()

    assert [part.name for part in average.state] == [
        "optimizer.average.weight:0", "optimizer.trained.weight:0",
    ]  # fmt: skip
    for part in average.state:
        np.testing.assert_array_equal(part, [3, 6])
