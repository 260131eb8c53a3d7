from pathlib import Path

import pytest
from pydantic import ValidationError

from stages.params.file import read_params
from stages.params.machine import Machine


@pytest.mark.parametrize(
    ("name", "value"),
    [("device", "tpu"), ("precision", "float64"), ("input", "disk"), ("threads", 0)],
)
def test_what_the_machine_cannot_do_is_refused(
    small_params: Path, name: str, value: object
) -> None:
    settings = read_params(small_params).machine.model_dump()

    with pytest.raises(ValidationError, match=name):
        Machine.model_validate(settings | {name: value})
