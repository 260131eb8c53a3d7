"""Stage ``standardize``: measure the per-pixel mean and the single scale of the training images."""

from stages.dataset.standardization import measure
from stages.shared import artifacts
from stages.shared.command import PathOption


def main(arrays: PathOption, standardization: PathOption) -> None:
    """Read the training images of ``arrays``, and write their ``standardization``."""
    images = artifacts.read_array(arrays / "train_images.npy")
    artifacts.write_tensors(standardization, measure(images))
