"""Check the files that DVC parses, before DVC waits for them or takes all memory."""

from pathlib import Path

from pipelines.dvc.inventory import LOCKS
from pipelines.errors import PipelineError
from stages.shared.formats import FormatError, read_yaml

_FILES = ("params.yaml", "dvc.yaml", "tuning/params.yaml", "tuning/dvc.yaml", *LOCKS)


def check_readable(folder: Path) -> None:
    """Check that every file of a working copy that DVC parses is YAML within the limits.

    Raises:
        PipelineError: one of them is a pipe, a device or a folder, is too large, or is not YAML.
    """
    for name in (name for name in _FILES if (folder / name).exists()):
        try:
            read_yaml(folder / name)
        except FormatError as error:
            raise PipelineError(f"{name}: {error}; correct it.") from None
