"""Compare the errors of two commits."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.git.repository import Repository
from pipelines.system.variables import environment_for_programs


def main(
    before: Annotated[str, typer.Argument(help="A commit, branch or tag.")] = "HEAD~1",
    after: Annotated[str, typer.Argument(help="The commit to compare with it.")] = "HEAD",
) -> None:
    """List the errors that are new, fixed or different, and show them in reports/errors.html.

    Example: python -m pipelines errors main~1 main
    """
    command = [sys.executable, "-m", "stages.tools.compare", "--", before, after]
    folder = Repository(Path.cwd()).folder
    raise SystemExit(
        subprocess.run(command, cwd=folder, env=environment_for_programs(), check=False).returncode
    )
