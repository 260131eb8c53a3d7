"""Show which errors are new between two commits: ``python -m stages.tools.compare BEFORE AFTER``.

This is not a stage. It reads what both commits recorded in Git, without a checkout, and shows the
test images of this working tree. With ``--json`` it needs no images.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from stages.params.file import read_params
from stages.reporting.comparison import Comparison, compare, outcome, summary
from stages.reporting.comparison_page import render
from stages.results.answers import WrongAnswer
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.shared.command import run
from stages.tools.recorded import RecordError, recorded_errors

ERRORS = Path("reports/misclassified.csv")


def main(
    before: Annotated[str, typer.Argument(help="a commit, by any name that Git knows")],
    after: Annotated[str, typer.Argument(help="another one")],
    params: Annotated[Path, typer.Option()] = Path("params.yaml"),
    arrays: Annotated[Path, typer.Option()] = Path("data/arrays"),
    page: Annotated[Path, typer.Option()] = Path("reports/errors.html"),
    as_json: Annotated[bool, typer.Option("--json", help="for programs; no page")] = False,
) -> None:
    """Print which errors are new, fixed or changed between two commits, and write a page."""
    wrong = [recorded_errors(commit, ERRORS) for commit in (before, after)]
    check_same_images((before, after), wrong)
    found = compare(*map(as_table, wrong))
    if as_json:
        typer.echo(json.dumps(as_record(found)))
        return
    dataset = read_params(params).chosen_dataset
    images = artifacts.read_array(arrays / "test_images.npy")
    labels = artifacts.read_array(arrays / "test_labels.npy")
    for commit, rows in zip((before, after), wrong, strict=True):
        check_belongs(commit, rows, labels, dataset.classes)

    text = render(
        found,
        (before, after),
        [len(rows) for rows in wrong],
        images,
        dataset.classes,
        dataset.title,
    )

    artifacts.write_text(page, text)
    for name, table in (("new", found.new), ("fixed", found.fixed), ("changed", found.changed)):
        typer.echo(f"{name}: {len(table)}")
        if len(table):
            typer.echo(table.to_string(index=False) + "\n")
    typer.echo(f"as before: {found.unchanged}\n{summary(found)}\n{page}")


def as_record(found: Comparison) -> dict[str, Any]:
    """Return a comparison for JSON: tables as lists of rows, with ``outcome`` and ``summary``."""
    tables = {name: getattr(found, name).to_dict("records") for name in ("new", "fixed", "changed")}
    return found._asdict() | tables | {"outcome": outcome(found), "summary": summary(found)}


def as_table(wrong: Sequence[WrongAnswer]) -> pd.DataFrame:
    """Return wrong answers as a table of numbers: ``index``, ``label`` and ``predicted``."""
    columns = ["index", "label", "predicted"]
    rows = [[row.index, row.label, row.predicted] for row in wrong]
    return pd.DataFrame(rows, columns=columns, dtype=np.int64)


def check_same_images(commits: Sequence[str], wrong: Sequence[Sequence[WrongAnswer]]) -> None:
    """Raise ``RecordError`` if the commits differ in a label or in the name of a class."""
    before, after = ({row.index: (row.label, row.label_name) for row in rows} for rows in wrong)
    names = {pair for rows in wrong for row in rows for pair in _classes_of(row)}
    unlike = [index for index, label in before.items() if after.get(index, label) != label]
    if unlike or len(dict(names)) < len(names):
        place = f"image {unlike[0]} with two labels" if unlike else "other classes"
        raise RecordError(
            f"{' and '.join(commits)}: expected errors on the same test images, found {place}; "
            "name commits that were tested on the same data set."
        )


def _classes_of(row: WrongAnswer) -> tuple[tuple[int, str], ...]:
    return (row.label, row.label_name), (row.predicted, row.predicted_name)


def check_belongs(
    commit: str, wrong: Sequence[WrongAnswer], labels: Array, classes: Sequence[str]
) -> None:
    """Raise ``RecordError`` if the errors belong to other images or classes than those here."""
    known = set(enumerate(classes))
    if any(
        row.index >= len(labels)
        or labels[row.index] != row.label
        or not known.issuperset(_classes_of(row))
        for row in wrong
    ):
        raise RecordError(
            f"{commit}: expected errors on the test images in data/arrays, found those of "
            "another data set; set dataset in params.yaml and run `dvc repro ingest`."
        )


if __name__ == "__main__":
    run(main)
