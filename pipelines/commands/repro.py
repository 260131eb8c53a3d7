"""Run the pipeline."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.exit_codes import ExitCode
from pipelines.git.repository import Repository
from stages.shared.text import printable


def main(
    targets: Annotated[
        list[str] | None, typer.Argument(help="Stages, as for dvc repro; all by default.")
    ] = None,
) -> None:
    """Run what is not up to date, as `dvc repro` does, and repair what is damaged.

    All of params.yaml is checked first; a stage checks only the sections that it reads. Damaged
    objects of DVC's cache come back from its remote, or by running their stage. The last lines give
    the test accuracy and the place of the report.

    Example: python -m pipelines repro
    """
    repository = Repository(Path.cwd())
    os.chdir(repository.folder)
    # --help needs neither the form of the parameters nor DVC, which takes a second to import.
    from pipelines.checks.parameters import check_parameters  # noqa: PLC0415
    from pipelines.dvc.processes.repro import reproduce  # noqa: PLC0415
    from pipelines.verification.summary import summary  # noqa: PLC0415

    check_parameters(repository.folder)
    if reproduce(repository, targets or [], typer.echo):
        raise SystemExit(ExitCode.ERROR)
    if not targets:
        for line in summary(repository):
            typer.echo(printable(line))
