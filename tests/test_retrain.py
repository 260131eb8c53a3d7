from pathlib import Path

from stages import artifacts, retrain, standardize


def test_all_images_are_fitted_without_validation(
    small_params: Path, small_arrays: Path, tmp_path: Path
) -> None:
    standardization = tmp_path / "standardization.safetensors"
    standardize.main(small_arrays, standardization)
    weights, history = tmp_path / "weights.safetensors", tmp_path / "history.csv"

    retrain.main(small_params, small_arrays, standardization, weights, history)

    assert list(artifacts.read_table(history).columns) == ["epoch", "loss"]
    # The parameters of the published network, biases included.
    assert sum(tensor.size for tensor in artifacts.read_tensors(weights).values()) == 1_111_946
