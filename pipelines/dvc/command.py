"""Run the `dvc` command."""

import sys
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.system.process import capture, reason_for


def dvc(folder: Path, *arguments: str) -> str:
    """Run DVC in a folder and give its output; ``PipelineError`` with its reason if it fails.

    It takes longer than Git, and so ends with this process.
    """
    code, said, complaint = capture([sys.executable, "-m", "dvc", *arguments], folder)
    if code:
        raise PipelineError(reason_for("dvc", arguments, folder, code, complaint))
    return said.strip()
