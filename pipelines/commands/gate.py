"""Decide whether the model may be promoted."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Column, Table

from pipelines.errors import PipelineError
from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from pipelines.promotion.criteria import described
from pipelines.promotion.results import in_folder
from pipelines.ui.terminal import plain
from stages.shared.text import printable

if TYPE_CHECKING:
    from pipelines.promotion.gate import GateReport


def main() -> None:
    """Check whether the model in the working copy may be promoted; write reports/gate.json.

    It reads reports/, and from Git the version that is promoted now. Exits with 3 if the model may
    not be promoted.

    Example: python -m pipelines gate
    """
    # Importing GTO takes a fifth of a second, which --help does not need.
    from pipelines.promotion import gate  # noqa: PLC0415

    folder = Repository(Path.cwd()).folder
    read = in_folder(folder)
    criteria = gate.criteria_of(read)
    if criteria is None:
        raise PipelineError("params.yaml: expected a section gate, found none; add one.")
    report = gate.run_gate(folder, read, "the working copy", criteria)
    gate.write(folder, report)
    Console().print(as_table(report))
    typer.echo(printable(summary(report, gate.GATE)))
    raise SystemExit(ExitCode.OK if report.passed else ExitCode.NEGATIVE)


def as_table(report: "GateReport") -> Table:
    """Return the table that rich prints, with a row for each criterion."""
    headers = ("criterion", "found", "required", "")
    table = Table(*(Column(header=header, overflow="fold") for header in headers))
    for result in report.criteria:
        cells = (result.criterion, described(result.found), result.required)
        table.add_row(*map(plain, cells), "passed" if result.passed else "failed")
    return table


def summary(report: "GateReport", path: str) -> str:
    """Return a sentence with the outcome, the compared version and the path of the report."""
    now = report.promoted
    against = f"in place of {now.version} ({now.commit[:7]})" if now else "as the first version"
    if report.passed:
        return f"The model may be promoted to {report.stage}, {against}: {path}"
    return f"The model may not be promoted to {report.stage}, {against}: {report.failures}"
