"""Add a data set to ``params.yaml``: ``python -m stages.tools.add_dataset NAME SOURCE``.

This is not a stage. It brings the data into four IDX files below ``data/downloads``.
"""

import re
from collections.abc import Sequence
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
from stages.new_dataset.parameters import AddingError, with_choices, with_entry, write
from stages.new_dataset.recipe import fits, fitted
from stages.new_dataset.source import Read, has_secrets
from stages.new_dataset.source import read as read_source
from stages.params.dataset import FolderSource, Source
from stages.params.file import Params, read_params
from stages.shared.command import run
from stages.shared.formats import read_yaml
from stages.shared.section import Name
from stages.shared.validation import shown

_DOWNLOADS = Path("data/downloads")


def main(
    name: Annotated[str, typer.Argument()],
    source: Annotated[str, typer.Argument()],
    title: Annotated[str, typer.Option()],
    classes: Annotated[str, typer.Option()],
    column: Annotated[int, typer.Option()],
    test_share: Annotated[float, typer.Option()],
    size: Annotated[str, typer.Option()],
    use: Annotated[bool, typer.Option("--use")] = False,
    params: Annotated[Path, typer.Option()] = Path("params.yaml"),
) -> None:
    """Add the data set of a SOURCE as an entry NAME, with a recipe if none fits.

    ``python -m pipelines dataset add`` documents the options and has their defaults.
    """
    known = read_params(params)
    _check_name(name, params, known)
    folder = _DOWNLOADS / name
    found = read_source(source, folder, _size(size))
    whole = as_set(*found.train, column)
    sets = (whole, as_set(*found.test, column)) if found.test else held_out(whole, test_share)
    train, test, labels = numbered(*sets)
    kept = _can_be_kept(found, train, test)
    files = {role: folder / name for role, name in found.names.items()}
    if not kept:
        for path, array in zip(files.values(), (*train, *test), strict=True):
            write_idx(path, array)
    sources: list[Source] = [FolderSource(kind="folder", path=str(folder))]
    if kept and found.source and not has_secrets(found.source):
        sources.append(found.source)
    entry = entry_of(
        title or name,
        _names(classes, found.classes, labels),
        files,
        [one.model_dump() for one in sources],
        _label_expectations(found, column, labels) if kept else {},
        train,
        test,
    )
    text = with_entry(params.read_text(encoding="utf-8"), "datasets", name, entry)
    recipes = read_yaml(params)["recipes"]
    # The chosen one if possible.
    fitting = (one for one in (known.recipe, *recipes) if fits(recipes[one], entry))
    recipe = next(fitting, name)
    if recipe == name:
        text = with_entry(text, "recipes", name, fitted(recipes[known.recipe], entry))
    write(params, with_choices(text, dataset=name, recipe=recipe) if use else text)
    expected = entry["expectations"]
    colours = " in colour" if "channels" in expected else ""
    typer.echo(
        f"added {name} to {params}: {expected['train_images']:,} training and "
        f"{expected['test_images']:,} test images of {expected['height']} x {expected['width']} "
        f"pixels{colours}, {len(entry['classes'])} classes; "
        + (f"no recipe fits, so {name} is one" if recipe == name else f"the recipe {recipe} fits")
    )
    if use:
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


def _can_be_kept(found: Read, train: Set, test: Set) -> bool:
    """Whether the IDX files of a source can be used as they are, whatever their labels."""
    if found.source is None or found.test is None:
        return False
    labels = found.train.labels, found.test.labels
    return (
        found.train.images.shape == train.images.shape
        and found.test.images.shape == test.images.shape
        and labels[0].shape[1:] == labels[1].shape[1:]
        and all(one.dtype.kind in "iu" for one in labels)
    )


def _label_expectations(found: Read, column: int, labels: Sequence[int]) -> dict[str, Any]:
    """Say where the labels of the classes are in the files, as far as they are not 0, 1, ..."""
    has_table = found.train.labels.ndim > 1
    return ({"label_column": column} if has_table else {}) | (
        {} if list(labels) == [*range(len(labels))] else {"label_values": list(labels)}
    )


def _names(given: str, found: Sequence[str] | None, labels: Sequence[int]) -> list[str]:
    names = given.split(",") if given else [str(label) for label in labels]
    if found and not given:
        names = [found[label] for label in labels]
    if len(names) != len(labels):
        raise ContentError(f"--classes: expected {len(labels)} names, found {len(names)}.")
    return names


if __name__ == "__main__":
    run(main)
