"""Judge whether the model in the working copy may be promoted: ``python -m pipelines.gate``.

It writes ``reports/gate.json``, from what lies in ``reports/`` and what Git has of the version that
is promoted now: DVC's cache is not needed. ``EXITS`` has the exit codes.
"""

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipelines.checkout import Repository
from pipelines.errors import PipelineError
from pipelines.promotion import verdict
from pipelines.promotion.results import Read, in_folder
from pipelines.promotion.rules import told
from pipelines.promotion.verdict import GATE, Judgement
from stages.sections.gate import Gate

EXITS = {True: 0, False: 3}
"""By whether it passes; 1 is an error, and 2 a wrong command line."""


def main() -> None:
    """Judge what lies in reports/, print it, and write it to reports/gate.json.

    Exit codes: 0 the model may be promoted, 3 it may not; 1 an error, 2 a wrong command line.
    """
    try:
        folder = Repository(Path.cwd()).folder
        read = in_folder(folder)
        judgement = verdict.judge_results(folder, read, "the working copy", _demands_of(read))
        verdict.write(folder, judgement)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    Console().print(as_table(judgement))
    typer.echo(summary(judgement))
    raise SystemExit(EXITS[judgement.passed])


def _demands_of(read: Read) -> Gate:
    gate = verdict.demands_of(read)
    if gate is None:
        raise PipelineError("params.yaml: expected a section gate, found none; add one.")
    return gate


def as_table(judgement: Judgement) -> Table:
    """Make the table that rich prints, rule by rule."""
    headers = ("rule", "found", "demanded", "")
    table = Table(*(Column(header=header, overflow="fold") for header in headers))
    for rule in judgement.rules:
        cells = (rule.rule, told(rule.found), rule.demanded)
        table.add_row(*map(Text, cells), Text("holds" if rule.passed else "BROKEN"))
    return table


def summary(judgement: Judgement) -> str:
    """Say in a sentence what came out, and against what."""
    now = judgement.promoted
    against = f"in place of {now.version} ({now.commit[:7]})" if now else "as the first version"
    if judgement.passed:
        return f"The model may be promoted to {judgement.stage}, {against}: {GATE}"
    return f"The model may not be promoted to {judgement.stage}, {against}: {judgement.broken}"


if __name__ == "__main__":
    typer.run(main)
