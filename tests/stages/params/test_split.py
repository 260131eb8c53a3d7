import pytest
from pydantic import ValidationError

from stages.params.split import Split


def test_at_least_one_image_validates() -> None:
    assert Split(strategy="stratified", validation_images=1).validation_images == 1

    with pytest.raises(ValidationError, match="must be from 1 to 2147483647"):
        Split(strategy="tail", validation_images=0)
