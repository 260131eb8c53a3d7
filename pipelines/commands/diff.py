"""Compare two commits."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.comparison.compare import compare, compare_errors
from pipelines.comparison.table import as_markdown, as_table
from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from stages.shared.text import printable

EXITS = {
    "chance": ExitCode.OK,
    "worse": ExitCode.NEGATIVE,
    "better": ExitCode.BETTER,
    "unknown": ExitCode.UNKNOWN,
}


def main(
    before: Annotated[str, typer.Argument(help="A commit, branch or tag.")] = "HEAD~1",
    after: Annotated[str, typer.Argument(help="The commit to compare with it.")] = "HEAD",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")
    ] = False,
) -> None:
    """Compare two commits: parameters, metrics, errors, data checks, hardware, libraries.

    Exits with 0 if the accuracies do not differ significantly, with 3 if the later commit is worse,
    with 4 if it is better, and with 5 if a record is missing.

    Example: python -m pipelines diff main~1 main
    """
    repository = Repository(Path.cwd())
    commits = [repository.commit_of(name) for name in (before, after)]
    errors = compare_errors(repository.folder, commits)
    sections = compare(repository.folder, commits, errors)
    titles = [
        f"{name} ({commit[:7]})" for name, commit in zip((before, after), commits, strict=True)
    ]
    if markdown:
        typer.echo(as_markdown(titles, sections))
    else:
        Console().print(as_table(titles, sections))
    typer.echo(printable(errors.summary))
    raise SystemExit(EXITS[errors.outcome])
