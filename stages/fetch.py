"""Stage ``fetch``: get the four IDX files of the data set from the first source that has them."""

from stages.dataset.fetching import fetch
from stages.params.dataset import Dataset
from stages.shared.command import PathOption
from stages.shared.parameters import Parameters


def main(params: PathOption, raw: PathOption) -> None:
    """Write the files of the chosen data set to ``raw``, after checking each by its SHA-256."""
    dataset = Parameters(params).chosen("dataset", Dataset)
    fetch(dict(dataset.files), dataset.sources, raw)
