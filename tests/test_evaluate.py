import hashlib
from pathlib import Path

import numpy as np
import pytest

from stages import evaluate, standardize
from stages.dataset.standardization import measure
from stages.model.batches import Examples
from stages.model.classifier import Classifier
from stages.model.variables import WeightsError
from stages.params import read_params
from stages.shared import artifacts
from stages.shared.artifacts import Array


@pytest.fixture
def classifier(small_params: Path, small_mnist: dict[str, Array]) -> Classifier:
    """Half trained, so that some answers are wrong."""
    parameters = read_params(small_params)
    recipe = parameters.chosen_recipe
    images, labels = small_mnist["train_images"], small_mnist["train_labels"]
    classifier = Classifier(recipe.network, measure(images), 10, seed=3)
    classifier.train(recipe.training, parameters.machine, Examples(images, labels))
    return classifier


@pytest.fixture
def inputs(
    tmp_path: Path, small_params: Path, small_arrays: Path, classifier: Classifier
) -> dict[str, Path]:
    standardize.main(small_arrays, tmp_path / "standardization.safetensors")
    artifacts.write_tensors(tmp_path / "weights.safetensors", classifier.weights)
    artifacts.write_text(tmp_path / "history.csv", "epoch,loss,accuracy\n1,0.5,0.7\n2,0.2,0.75\n")
    return {
        "params": small_params,
        "arrays": small_arrays,
        "standardization": tmp_path / "standardization.safetensors",
        "weights": tmp_path / "weights.safetensors",
        "history": tmp_path / "history.csv",
    }


def outputs(folder: Path) -> dict[str, Path]:
    return {
        "metrics": folder / "metrics.json",
        "predictions": folder / "predictions.csv",
        "misclassified": folder / "misclassified.csv",
        "classes": folder / "classes.csv",
        "confusion_matrix": folder / "confusion_matrix.csv",
        "calibration": folder / "calibration.csv",
    }


def test_every_file_tells_of_the_same_answers(
    inputs: dict[str, Path],
    classifier: Classifier,
    small_mnist: dict[str, Array],
    tmp_path: Path,
) -> None:
    written = outputs(tmp_path / "out")
    evaluate.main(**inputs, **written)

    predicted, actual = classifier.labels(small_mnist["test_images"]), small_mnist["test_labels"]
    errors = int((predicted != actual).sum())
    assert 0 < errors < 100
    metrics = artifacts.read_json(written["metrics"])
    assert metrics["test"]["errors"] == errors
    assert metrics["test"]["accuracy"] == 1 - errors / 200
    assert metrics["validation"]["accuracy"] == 0.75
    digest = hashlib.sha256(inputs["weights"].read_bytes()).hexdigest()
    assert metrics["weights"] == {"sha256": digest}
    bins = artifacts.read_table(written["calibration"])
    assert bins["images"].sum() == 200
    predictions = artifacts.read_table(written["predictions"])
    np.testing.assert_array_equal(predictions["predicted"], predicted)
    assert len(artifacts.read_table(written["misclassified"])) == errors
    assert artifacts.read_table(written["confusion_matrix"])["count"].sum() == 200
    support = artifacts.read_table(written["classes"])["support"]
    np.testing.assert_array_equal(support, np.bincount(actual))


def test_the_same_inputs_give_the_same_bytes(inputs: dict[str, Path], tmp_path: Path) -> None:
    one, other = outputs(tmp_path / "one"), outputs(tmp_path / "other")

    evaluate.main(**inputs, **one)
    evaluate.main(**inputs, **other)

    for name in one:
        assert one[name].read_bytes() == other[name].read_bytes()


def test_weights_of_another_recipe_are_refused_and_nothing_is_written(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    weights = artifacts.read_tensors(inputs["weights"])
    del weights["fc_3.bias"]
    artifacts.write_tensors(inputs["weights"], weights)

    with pytest.raises(WeightsError):
        evaluate.main(**inputs, **outputs(tmp_path / "out"))

    assert not (tmp_path / "out").exists()
