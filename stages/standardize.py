"""Stage ``standardize``: measure the per-pixel mean and the single scale of the training images."""

from stages import artifacts
from stages.command import PathOption
from stages.dataset.standardization import measure


def main(arrays: PathOption, standardization: PathOption) -> None:
    """Read the training images of ``arrays``, and write their ``standardization``."""
    images = artifacts.read_array(arrays / "train_images.npy")
    artifacts.write_tensors(standardization, measure(images))
