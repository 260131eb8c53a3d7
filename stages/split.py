"""Stage ``split``: choose the training images that are used for validation."""

from stages.dataset.splitting import split
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
    for name, chosen in sets.items():
        artifacts.write_array(indices / f"{name}.npy", chosen)
