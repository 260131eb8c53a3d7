"""Add a data set to params.yaml."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.git.repository import Repository
from pipelines.system.variables import environment_for_programs


class Action(StrEnum):
    """What to do with the list of data sets."""

    add = "add"


def main(
    action: Annotated[Action, typer.Argument(help="What to do.")],  # noqa: ARG001  # there is one
    name: Annotated[str, typer.Argument(help="The entry's name in params.yaml.")],
    source: Annotated[
        str,
        typer.Argument(
            help="A folder with IDX files, or with a folder of pictures for each class; a .npz "
            "file; the URL of a web folder; or npm:PACKAGE@VERSION/FOLDER."
        ),
    ],
    title: Annotated[str, typer.Option(help="The name for people; NAME by default.")] = "",
    classes: Annotated[str, typer.Option(help="Class names, separated by commas.")] = "",
    column: Annotated[int, typer.Option(help="Column of a table of labels, as QMNIST has.")] = 0,
    test_share: Annotated[
        float, typer.Option(min=0.01, max=0.9, help="Test images, if the source has no test set.")
    ] = 0.2,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH that all pictures get.")] = "",
    use: Annotated[bool, typer.Option("--use", help="Also choose it in params.yaml.")] = False,
) -> None:
    """Add a data set to params.yaml, with its hashes, bounds and a recipe that fits.

    Labels become the numbers 0, 1, ... in their order, and a set without test images is divided.
    The files are kept below data/downloads.

    Example: python -m pipelines dataset add letters Downloads/emnist-letters --use
    """
    folder = Repository(Path.cwd()).folder
    place = Path(source).expanduser()
    options = {
        "title": title,
        "classes": classes,
        "column": column,
        "test-share": test_share,
        "size": size,
    }
    command = [
        *(sys.executable, "-m", "stages.tools.add_dataset"),
        *(f"--{option}={value}" for option, value in options.items()),
        *(["--use"] if use else []),
        *("--", name, str(place.resolve()) if place.exists() else source),
    ]
    raise SystemExit(
        subprocess.run(command, cwd=folder, env=environment_for_programs(), check=False).returncode
    )
