import pytest
from pydantic import ValidationError

from stages.params.recipe import Augmentation


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
