import pytest
from pydantic import ValidationError

from stages.params.training import Augmentation, Training


def test_the_ends_of_a_range_are_allowed_and_what_lies_beyond_is_not() -> None:
    still = {
        "shift": 0.0,
        "rotation": 180.0,
        "scale": 0.9,
        "shear": 1.0,
        "elastic": 0.0,
        "interpolation": "bilinear",
    }
    assert Augmentation.model_validate(still).rotation == 180

    with pytest.raises(ValidationError, match="must be from 0 to 180"):
        Augmentation.model_validate(still | {"rotation": 180.1})


def test_what_is_left_out_is_off() -> None:
    assert Augmentation() == Augmentation(
        shift=0.0, rotation=0.0, scale=0.0, shear=0.0, elastic=0.0, interpolation="bilinear"
    )
    needed = {
        "epochs": 1,
        "batch_size": 1,
        "shuffle": True,
        "learning_rate": 0.1,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
    }

    training = Training.model_validate(needed)

    assert (training.warmup, training.decay) == (0, "none")
    assert (training.weight_decay, training.label_smoothing, training.averaging) == (0, 0, 0)
    assert training.augmentation == Augmentation()
