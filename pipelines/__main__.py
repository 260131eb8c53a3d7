"""Run a command of the pipeline: ``python -m pipelines COMMAND``."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pipelines.errors import PipelineError, explaining
from pipelines.exit_codes import ExitCode
from stages.shared.text import printable_lines

try:
    import typer
    from typer.core import TyperGroup
    from typer.main import get_command
except ImportError as error:
    sys.exit(
        "error: expected every package of the environment to be importable, found: "
        f"{error}; recreate the environment: make --always-make setup."
    )
except KeyboardInterrupt:
    sys.exit(ExitCode.INTERRUPTED)

COMMANDS = (
    "repro",
    "dataset",
    "diff",
    "errors",
    "gate",
    "promote",
    "rollback",
    "verify",
    "fsck",
    "space",
    "gc",
    "doctor",
    "flow",
    "serve",
    "worker",
    "notify",
    "automations",
)
"""Names in the order of ``--help``; each is a module of ``pipelines.commands``."""


class _Commands(TyperGroup):
    """Import a command's module only when the command is called, so that each starts quickly."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # as Typer calls it
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # as Typer calls it
        if cmd_name not in COMMANDS:
            return None
        command = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        command.command(cmd_name)(import_module(f"pipelines.commands.{cmd_name}").main)
        return get_command(command)


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)


@app.callback()
def pipelines() -> None:
    """Run, compare, promote and verify the image-classification pipeline.

    Exit codes: 0 done; 1 an error; 2 a wrong command line; 3 worse, blocked, different or lost; 4
    better; 5 cannot be determined; 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command, and print a ``PipelineError`` as one sentence.

    Args:
        arguments: command-line arguments; those of this process by default.
    """
    try:
        with explaining():
            app(arguments, prog_name="python -m pipelines")
    except PipelineError as error:
        typer.echo(f"error: {printable_lines(error)}", err=True)
        sys.exit(ExitCode.ERROR)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()
