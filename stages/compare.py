"""Tell which errors are new between two commits: ``python -m stages.compare BEFORE AFTER``.

Not a stage: it reads what both commits recorded in Git, checks out neither, and shows the test
images that lie here. With ``--json`` it needs no images.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from stages import artifacts
from stages.artifacts import Array
from stages.command import run
from stages.params import read_params
from stages.recorded import RecordError, recorded_table
from stages.reporting.comparison import Comparison, compare, outcome, verdict
from stages.reporting.comparison_page import render

ERRORS = Path("reports/misclassified.csv")


def main(
    before: Annotated[str, typer.Argument(help="a commit, by any name that Git knows")],
    after: Annotated[str, typer.Argument(help="another one")],
    params: Annotated[Path, typer.Option()] = Path("params.yaml"),
    arrays: Annotated[Path, typer.Option()] = Path("data/arrays"),
    page: Annotated[Path, typer.Option()] = Path("reports/errors.html"),
    as_json: Annotated[bool, typer.Option("--json", help="for programs; no page")] = False,
) -> None:
    """Print which errors are new, fixed or others from one commit to the other; write a page."""
    wrong = [recorded_table(commit, ERRORS) for commit in (before, after)]
    found = compare(*wrong)
    if as_json:
        typer.echo(json.dumps(as_record(found)))
        return
    dataset = read_params(params).chosen_dataset
    images = artifacts.read_array(arrays / "test_images.npy")
    labels = artifacts.read_array(arrays / "test_labels.npy")
    for commit, table in zip((before, after), wrong, strict=True):
        check_belongs(commit, table, labels)

    text = render(
        found,
        (before, after),
        [len(table) for table in wrong],
        images,
        dataset.classes,
        dataset.title,
    )

    artifacts.write_text(page, text)
    for name, table in (("new", found.new), ("fixed", found.fixed), ("changed", found.changed)):
        typer.echo(f"{name}: {len(table)}")
        if len(table):
            typer.echo(table.to_string(index=False) + "\n")
    typer.echo(f"as before: {found.unchanged}\n{verdict(found)}\n{page}")


def as_record(found: Comparison) -> dict[str, Any]:
    """Give a comparison as JSON has it: tables as lists of rows, with ``outcome``, ``verdict``."""
    tables = {name: getattr(found, name).to_dict("records") for name in ("new", "fixed", "changed")}
    return found._asdict() | tables | {"outcome": outcome(found), "verdict": verdict(found)}


def check_belongs(commit: str, wrong: pd.DataFrame, labels: Array) -> None:
    """Refuse errors on other images than those that lie here."""
    inside = wrong["index"].between(0, len(labels) - 1).all()
    if not inside or (labels[wrong["index"]] != wrong["label"]).any():
        raise RecordError(
            f"{commit}: expected errors on the test images that lie here, found those of another "
            "data set; set dataset in params.yaml and run `dvc repro ingest`."
        )


if __name__ == "__main__":
    run(main)
