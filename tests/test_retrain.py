from pathlib import Path

import numpy as np

from stages import retrain, standardize
from stages.shared import artifacts
from stages.shared.artifacts import Array


def test_every_training_image_is_fitted_without_validation(
    small_params: Path,
    small_arrays: Path,
    small_mnist: dict[str, Array],
    beside: dict[str, Path],
    tmp_path: Path,
) -> None:
    standardization = tmp_path / "standardization.safetensors"
    standardize.main(small_arrays, standardization)

    def trained(run: str) -> Array:
        weights, history = tmp_path / run / "weights.safetensors", tmp_path / run / "history.csv"
        retrain.main(
            small_params,
            small_arrays,
            standardization,
            **beside,
            weights=weights,
            history=history,
        )
        assert list(artifacts.read_table(history).columns) == ["epoch", "loss"]
        return artifacts.read_tensors(weights)["fc_4.kernel"]

    before = trained("before")
    images = small_mnist["train_images"].copy()
    images[-1] = 0
    artifacts.write_array(small_arrays / "train_images.npy", images)

    assert not np.array_equal(before, trained("after"))
