"""Run the `git` command."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipelines.system.process import output


def git(
    folder: Path,
    *arguments: str,
    index: Path | None = None,
    stdin: str | None = None,
    hooks: bool = False,
) -> str:
    """Run Git in a folder and return its output; raise ``PipelineError`` if it fails.

    The error has Git's reason.

    Args:
        folder: its working directory.
        arguments: a command of Git's, and its arguments.
        index: a file to use as the index.
        stdin: replaces that of this process.
        hooks: whether Git runs the user's hooks, which are meant for the user's own commands.
    """
    options = () if hooks else ("-c", f"core.hooksPath={os.devnull}")
    # In C, Git prints English, which callers match; hooks are for the user's own language.
    environment = {} if hooks else {"LC_ALL": "C"}
    environment |= {"GIT_INDEX_FILE": str(index)} if index else {}
    command = ("git", *options, *arguments)
    return output(folder, command, _name(arguments), environment, stdin)


def _name(arguments: Sequence[str]) -> str:
    """Return a command's name, which follows Git's options."""
    options = next(i for i in range(0, len(arguments), 2) if arguments[i] != "-c")
    return f"git {arguments[options]}"
