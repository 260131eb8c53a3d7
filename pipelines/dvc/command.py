"""Run the `dvc` command."""

import sys
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.system.process import capture, reason_for


def dvc(folder: Path, *arguments: str) -> str:
    """Run DVC in a folder and return its output; raise ``PipelineError`` if it fails.

    The error has DVC's reason. DVC takes longer than Git, so it is ended if this process ends.
    """
    code, stdout, stderr = capture([sys.executable, "-m", "dvc", *arguments], folder)
    if code:
        raise PipelineError(reason_for(f"dvc {arguments[0]}", folder, code, stderr))
    return stdout.strip()
