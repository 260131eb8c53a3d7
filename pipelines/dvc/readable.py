"""Check the files that DVC parses, before DVC waits for them or takes all memory."""

from pathlib import Path

from pipelines.dvc.inventory import LOCKS
from pipelines.errors import PipelineError
from stages.shared.formats import LARGEST_YAML, FormatError, parse_yaml, read_file

_FILES = ("params.yaml", "dvc.yaml", "tuning/params.yaml", "tuning/dvc.yaml", *LOCKS)


def check_readable(folder: Path) -> None:
    """Check that every file of a working copy that DVC parses is YAML within the limits.

    Raises:
        PipelineError: one of them is a pipe, a device or a folder, is too large, or is not YAML.
    """
    for name in _FILES:
        try:
            parse_yaml(read_file(folder / name, LARGEST_YAML))
        except FileNotFoundError:
            continue
        except FormatError as error:
            raise PipelineError(f"{name}: {error}; correct it.") from None
        except OSError as error:
            raise PipelineError(f"{name}: expected a YAML file, found: {error}.") from None
