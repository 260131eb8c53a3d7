"""Stage ``split``: choose the training images that are used for validation."""

from stages.dataset.splitting import split
from stages.params import read_params
from stages.shared import artifacts
from stages.shared.command import PathOption


def main(params: PathOption, arrays: PathOption, indices: PathOption) -> None:
    """Read the labels of ``arrays``, and write the indices of both sets to ``indices``."""
    recipe = read_params(params).chosen_recipe
    labels = artifacts.read_array(arrays / "train_labels.npy")
    sets = split(labels, recipe.split.strategy, recipe.split.validation_images, recipe.seed)
    for name, chosen in sets.items():
        artifacts.write_array(indices / f"{name}.npy", chosen)
