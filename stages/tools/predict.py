"""Classify the digits on pictures: ``python -m stages.tools.predict PICTURE ...``.

This is not a stage. It runs the exported model, which describes its own input and classes, and only
prints its answers.
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from stages.photos.handwriting import read_handwriting, stacked
from stages.photos.second_look import look_again
from stages.results.handwriting import answers
from stages.serving.exported import ExportedModel
from stages.shared.command import run
from stages.shared.text import printable


def main(
    pictures: Annotated[list[Path], typer.Argument(help="PNG or JPEG files")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, not a table")] = False,
    model: Annotated[Path, typer.Option()] = Path("models/classifier.tflite"),
) -> None:
    """Print the class of each digit on the ``pictures``, and the confidence of the ``model``."""
    exported = ExportedModel(model)
    classes, form = exported.description.classes, exported.description.images

    found = read_handwriting({str(path): path for path in pictures}, min(form.height, form.width))
    found = look_again(found, exported.probabilities, form, exported.description.doubt)
    images = stacked(found, form)
    probabilities = exported.probabilities(images) if len(images) else np.empty((0, len(classes)))
    table = answers(found.names, probabilities, classes, exported.description.doubt, found.changes)
    table = table.drop(columns="label").round(4)

    if as_json:
        content = {"digits": table.to_dict("records"), "unread": found.unread}
        typer.echo(json.dumps(content, indent=2))
    elif len(table):
        typer.echo(
            table.map(lambda cell: printable(cell) if isinstance(cell, str) else cell).to_string(
                index=False
            )
        )
    for name, digits in found.digits.items():
        if not len(digits):
            typer.echo(printable(f"{name}: no digit found"), err=True)
    for name, reason in found.unread.items():
        typer.echo(printable(f"{name}: {reason}"), err=True)
    if found.unread:
        raise typer.Exit(1)


if __name__ == "__main__":
    run(main)
