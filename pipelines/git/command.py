"""Run the `git` command."""

import os
from pathlib import Path

from pipelines.system.process import output


def git(folder: Path, *arguments: str, index: Path | None = None) -> str:
    """Run Git in a folder and return its output; raise ``PipelineError`` if it fails.

    The error has Git's reason. If ``index`` is given, Git uses that file as the index.
    """
    environment = os.environ | ({"GIT_INDEX_FILE": str(index)} if index else {})
    return output(folder, ("git",), *arguments, environment=environment)
