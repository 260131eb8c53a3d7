"""Decide whether the model may be promoted."""

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipelines.errors import PipelineError
from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from pipelines.promotion import gate
from pipelines.promotion.criteria import described
from pipelines.promotion.gate import GATE, GateReport
from pipelines.promotion.results import Read, in_folder
from stages.params.gate import Gate


def main() -> None:
    """Check whether the model in the working copy may be promoted; write reports/gate.json.

    It reads reports/, and from Git the version that is promoted now. Exits with 3 if the model may
    not be promoted.

    Example: python -m pipelines gate
    """
    folder = Repository(Path.cwd()).folder
    read = in_folder(folder)
    report = gate.run_gate(folder, read, "the working copy", _criteria_of(read))
    gate.write(folder, report)
    Console().print(as_table(report))
    typer.echo(summary(report))
    raise SystemExit(ExitCode.OK if report.passed else ExitCode.NEGATIVE)


def _criteria_of(read: Read) -> Gate:
    criteria = gate.criteria_of(read)
    if criteria is None:
        raise PipelineError("params.yaml: expected a section gate, found none; add one.")
    return criteria


def as_table(report: GateReport) -> Table:
    """Return the table that rich prints, with a row for each criterion."""
    headers = ("criterion", "found", "required", "")
    table = Table(*(Column(header=header, overflow="fold") for header in headers))
    for result in report.criteria:
        cells = (result.criterion, described(result.found), result.required)
        table.add_row(*map(Text, cells), Text("passed" if result.passed else "failed"))
    return table


def summary(report: GateReport) -> str:
    """Return a sentence with the outcome and the version that the model was compared with."""
    now = report.promoted
    against = f"in place of {now.version} ({now.commit[:7]})" if now else "as the first version"
    if report.passed:
        return f"The model may be promoted to {report.stage}, {against}: {GATE}"
    return f"The model may not be promoted to {report.stage}, {against}: {report.failures}"
