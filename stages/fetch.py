"""Stage ``fetch``: get the four IDX files of the data set from the first source that has them."""

from stages.dataset.fetching import fetch
from stages.params import read_params
from stages.shared.command import PathOption


def main(params: PathOption, raw: PathOption) -> None:
    """Write the files of the chosen data set to ``raw``, after checking each by its SHA-256."""
    dataset = read_params(params).chosen_dataset
    fetch(dict(dataset.files), dataset.sources, raw)
