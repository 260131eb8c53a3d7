from pathlib import Path

import numpy as np

from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.standardize import main


def test_the_training_images_become_centred_and_scaled(
    small_arrays: Path, small_mnist: dict[str, Array], tmp_path: Path
) -> None:
    main(small_arrays, tmp_path / "standardization.safetensors")

    measured = artifacts.read_tensors(tmp_path / "standardization.safetensors")
    images = (small_mnist["train_images"] - measured["mean"]) / measured["standard_deviation"]
    np.testing.assert_allclose(images.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(
        small_mnist["train_images"].std() / measured["standard_deviation"], 1, rtol=1e-6
    )
