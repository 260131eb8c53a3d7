"""Check this machine."""

import typer

from pipelines import PROJECT
from pipelines.checks.everything import run_checks
from pipelines.checks.result import CheckResult
from pipelines.errors import PipelineError
from pipelines.exit_codes import ExitCode
from stages.shared.text import printable


def main() -> None:
    """Check environment, Git, DVC, disk, GPU and Prefect; name the command that fixes each fault.

    Exits with 1 if something is missing.

    Example: python -m pipelines doctor
    """
    states, fixes = [], 0
    try:
        for result in run_checks(PROJECT):
            typer.echo(shown(result), nl=False)
            states.append(result.state)
            fixes += bool(result.fix)
    except ImportError as error:
        raise PipelineError(
            f"expected every package of the environment to be importable, found: {error}; "
            "recreate the environment: make --always-make setup."
        ) from None
    missing, warnings = states.count("missing"), states.count("warning")
    typer.echo(f"\n{len(states)} checks: {missing} missing, {warnings} warnings.")
    if fixes:
        typer.echo("Before the commands: source .venv/bin/activate")
    raise SystemExit(ExitCode.ERROR if missing else ExitCode.OK)


def shown(result: CheckResult) -> str:
    """Return the lines that display a result."""
    fix = f"{'':9}{'':17}{printable(result.fix)}\n" if result.fix else ""
    return f"{result.state:9}{result.part:17}{printable(result.finding)}\n{fix}"
