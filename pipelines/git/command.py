"""Run the `git` command."""

import os
from pathlib import Path

from pipelines.system.process import output


def git(folder: Path, *arguments: str, index: Path | None = None) -> str:
    """Run Git in a folder and give its output; ``PipelineError`` with Git's reason if it fails.

    With an ``index``, that file is used in place of the folder's.
    """
    environment = os.environ | ({"GIT_INDEX_FILE": str(index)} if index else {})
    return output(folder, ("git",), *arguments, environment=environment)
