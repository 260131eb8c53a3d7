import numpy as np
import pytest
import tensorflow as tf

from stages.model.variables import WeightsError, assign, values


def variables(start: float) -> list[tf.Variable]:
    return [
        tf.Variable(tf.fill((2, 3), start), name="one.kernel"),
        tf.Variable(tf.fill(3, start), name="one.bias"),
    ]


def test_what_one_gives_another_takes_over() -> None:
    one, other = variables(1.5), variables(0.0)

    assign(other, values(one))

    assert {name: array.tolist() for name, array in values(other).items()} == {
        "one.kernel": [[1.5] * 3] * 2,
        "one.bias": [1.5] * 3,
    }


@pytest.mark.parametrize(
    "arrays",
    [
        {"one.kernel": np.ones((2, 3), np.float32)},
        {"one.kernel": np.ones((2, 3), np.float32), "one.bias": np.ones(4, np.float32)},
        {"one.kernel": np.ones((2, 3), np.float32), "other.bias": np.ones(3, np.float32)},
        {"one.kernel": np.ones((2, 3), np.float32), "one.bias": np.ones(3)},
        {
            "one.kernel": np.ones((2, 3), np.float32),
            "one.bias": np.ones(3, np.float32),
            "more": np.ones(1, np.float32),
        },
    ],
    ids=["missing", "other shape", "other name", "other dtype", "too many"],
)
def test_values_of_other_variables_are_refused_and_change_nothing(
    arrays: dict[str, np.ndarray],
) -> None:
    kept = variables(0.0)

    with pytest.raises(
        WeightsError, match=r"not of the network in params\.yaml: expected (one.bias|more)"
    ):
        assign(kept, arrays)

    assert not any(array.any() for array in values(kept).values())
