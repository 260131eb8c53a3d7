"""Stage ``split``: choose the training images that are used for validation."""

import typer

from stages.dataset.splitting import has_other_classes, split
from stages.params.split import Split
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import Parameters, Seeded


def main(params: PathOption, arrays: PathOption, indices: PathOption) -> None:
    """Read the labels of ``arrays``, and write the indices of both sets to ``indices``."""
    parameters = Parameters(params)
    choice = parameters.chosen("recipe", Split, "split")
    seed = parameters.chosen("recipe", Seeded).seed
    labels = artifacts.read_array(arrays / "train_labels.npy")
    sets = split(labels, choice.strategy, choice.validation_images, seed)
    if has_other_classes(labels, **sets):
        typer.echo(
            "warning: the validation images have other shares of the classes than the rest, as the "
            "last images of data sorted by class do; set split.strategy to stratified.",
            err=True,
        )
    for name, chosen in sets.items():
        artifacts.write_array(indices / f"{name}.npy", chosen)
