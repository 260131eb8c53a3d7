"""Add a data set to ``params.yaml``: ``python -m stages.tools.add_dataset NAME SOURCE``.

This is not a stage. It brings the data into four IDX files below ``data/downloads``.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from stages.new_dataset.content import (
    ContentError,
    Set,
    as_set,
    held_out,
    numbered,
)
from stages.new_dataset.entry import entry_of
from stages.new_dataset.files import write_idx
from stages.new_dataset.parameters import AddingError, add, choose
from stages.new_dataset.recipe import fits, fitted
from stages.new_dataset.source import Read
from stages.new_dataset.source import read as read_source
from stages.params.dataset import FolderSource
from stages.params.file import Params, read_params
from stages.shared.command import run
from stages.shared.formats import read_yaml
from stages.shared.section import Name
from stages.shared.validation import shown

_DOWNLOADS = Path("data/downloads")


def main(
    name: Annotated[str, typer.Argument(help="of the entry, such as letters")],
    source: Annotated[
        str,
        typer.Argument(
            help="a folder with IDX files, or with a folder of pictures for each class, a .npz "
            "file, the URL of a web folder, or npm:PACKAGE@VERSION/FOLDER"
        ),
    ],
    params: Annotated[Path, typer.Option()] = Path("params.yaml"),
    title: Annotated[str, typer.Option(help="for people; by default the name")] = "",
    classes: Annotated[str, typer.Option(help="the class names, separated by commas")] = "",
    column: Annotated[int, typer.Option(help="of a table of labels, such as QMNIST's")] = 0,
    test_share: Annotated[
        float, typer.Option(min=0.01, max=0.9, help="of the images, if there is no test set")
    ] = 0.2,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH that all pictures get")] = "",
    use: Annotated[bool, typer.Option("--use", help="also choose the new entries")] = False,
) -> None:
    """Add the data set of a SOURCE as an entry NAME, with a recipe if none fits."""
    known = read_params(params)
    _check_name(name, params, known)
    folder = _DOWNLOADS / name
    found = read_source(source, folder, _size(size))
    whole = as_set(*found.train, column)
    sets = (whole, as_set(*found.test, column)) if found.test else held_out(whole, test_share)
    train, test, labels = numbered(*sets)
    files = _write(found, train, test, folder)
    unchanged = [] if found.source is None or _changed(found, train, test) else [found.source]
    sources = [FolderSource(kind="folder", path=str(folder)), *unchanged]
    entry = entry_of(
        title or name,
        _names(classes, found.classes, labels),
        files,
        [one.model_dump() for one in sources],
        train,
        test,
    )
    add(params, "datasets", name, entry)
    recipe = _fitting_recipe(params, known.recipe, entry)
    if recipe is None:
        recipe = name
        add(params, "recipes", recipe, fitted(read_yaml(params)["recipes"][known.recipe], entry))
    expected = entry["expectations"]
    typer.echo(
        f"added {name} to {params}: {expected['train_images']:,} training and "
        f"{expected['test_images']:,} test images of {expected['height']} x {expected['width']} "
        f"pixels, {len(entry['classes'])} classes; "
        + (f"no recipe fits, so {name} is one" if recipe == name else f"the recipe {recipe} fits")
    )
    if use:
        choose(params, dataset=name, recipe=recipe)
        typer.echo(f"chosen: dataset: {name}, recipe: {recipe}; now run: make repro")
    else:
        typer.echo(f"to use it, set dataset: {name} and recipe: {recipe} there; then: make repro")


def _check_name(name: str, params: Path, known: Params) -> None:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        raise AddingError(
            f"expected a name of letters, digits, - and _, found {shown(name)}."
        ) from None
    if name in known.datasets or name in known.recipes:
        raise AddingError(f"{params}: expected a new name, found {name}; choose another.")


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    if not found or "0" in found.groups():
        raise ContentError(f"--size: expected HEIGHTxWIDTH, such as 28x28, found {text}.")
    return int(found[1]), int(found[2])


def _changed(found: Read, train: Set, test: Set) -> bool:
    """Whether what was made of the source differs from it."""
    if found.test is None:
        return True
    pairs = zip((*found.train, *found.test), (*train, *test), strict=True)
    return any(old.shape != new.shape or (old != new).any() for old, new in pairs)


def _write(found: Read, train: Set, test: Set, folder: Path) -> dict[str, Path]:
    """Write the IDX files that a folder does not have yet, and return all four by their role."""
    files = {role: folder / name for role, name in found.names.items()}
    if found.source is None or _changed(found, train, test):
        arrays = zip(files.values(), (*train, *test), strict=True)
        for path, array in arrays:
            write_idx(path, array)
    return files


def _names(given: str, found: Sequence[str] | None, labels: Sequence[int]) -> list[str]:
    names = given.split(",") if given else [str(label) for label in labels]
    if found and not given:
        names = [found[label] for label in labels]
    if len(names) != len(labels):
        raise ContentError(f"--classes: expected {len(labels)} names, found {len(names)}.")
    return names


def _fitting_recipe(params: Path, chosen: str, entry: Mapping[str, Any]) -> str | None:
    """Return the name of a recipe that fits, the chosen one if possible."""
    recipes: Mapping[str, Any] = read_yaml(params)["recipes"]
    return next((name for name in (chosen, *recipes) if fits(recipes[name], entry)), None)


if __name__ == "__main__":
    run(main)
