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

    left_out = training.model_dump(exclude=set(needed))
    augmentation = left_out.pop("augmentation")
    assert augmentation.pop("interpolation") == "bilinear"
    assert {"warmup", "decay", "weight_decay", "label_smoothing", "averaging"} <= set(left_out)
    assert {"shift", "rotation", "scale", "shear", "elastic"} <= set(augmentation)
    assert set({**left_out, **augmentation}.values()) == {0, "none"}
