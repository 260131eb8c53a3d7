"""Check all of ``params.yaml``, also the sections that no stage reads."""

from pathlib import Path

from pipelines.errors import PipelineError
from stages.params.file import read_params
from stages.shared.parameters import ParameterError


def check_parameters(folder: Path) -> None:
    """Raise ``PipelineError`` with every invalid value of ``params.yaml`` in a folder."""
    try:
        read_params(folder / "params.yaml")
    except ParameterError as error:
        raise PipelineError(str(error)) from None
