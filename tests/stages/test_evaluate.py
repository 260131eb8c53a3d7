import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import evaluate, standardize
from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.variables import WeightsError
from stages.params.file import read_params
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop


@pytest.fixture
def classifier(small_params: Path, small_mnist: dict[str, Array]) -> Classifier:
    """Half trained, so that some answers are wrong."""
    parameters = read_params(small_params)
    recipe = parameters.recipes["fast"]
    images, labels = small_mnist["train_images"], small_mnist["train_labels"]
    classifier = Classifier(recipe.network, measure(images), 10, seed=3)
    examples = Examples(images, labels)
    TrainingLoop(classifier, recipe.training, parameters.machine, examples).run()
    return classifier


@pytest.fixture
def inputs(
    tmp_path: Path, small_params: Path, small_arrays: Path, classifier: Classifier
) -> dict[str, Path]:
    standardize.main(small_arrays, tmp_path / "standardization.safetensors")
    artifacts.write_tensors(tmp_path / "weights.safetensors", classifier.weights)
    artifacts.write_text(
        tmp_path / "reports" / "history.csv", "epoch,loss,accuracy\n1,0.5,0.7\n2,0.2,0.75\n"
    )
    return {
        "params": small_params,
        "arrays": small_arrays,
        "standardization": tmp_path / "standardization.safetensors",
        "weights": tmp_path / "weights.safetensors",
        "reports": tmp_path / "reports",
    }


OUTPUTS = (
    "metrics.json",
    "predictions.csv",
    "misclassified.csv",
    "classes.csv",
    "confusion_matrix.csv",
    "calibration.csv",
    "uncalibrated.csv",
)


def written(inputs: dict[str, Path]) -> dict[str, bytes]:
    """Run the stage, and return what it has written."""
    evaluate.main(**inputs)
    return {name: (inputs["reports"] / name).read_bytes() for name in OUTPUTS}


def test_the_bins_before_calibration_are_those_of_a_classifier_without_a_temperature(
    inputs: dict[str, Path], classifier: Classifier
) -> None:
    before = classifier.weights
    calibrated = before | {"temperature": np.array(0.5, np.float32)}
    artifacts.write_tensors(inputs["weights"], calibrated)
    found = written(inputs)
    artifacts.write_tensors(inputs["weights"], before)
    expected = written(inputs)

    assert before["temperature"] == 1
    assert found["calibration.csv"] != expected["calibration.csv"]
    assert found["confusion_matrix.csv"] == expected["confusion_matrix.csv"]
    bins, others = (
        pd.read_csv(io.BytesIO(content))
        for content in (found["uncalibrated.csv"], expected["calibration.csv"])
    )
    pd.testing.assert_frame_equal(bins, others, atol=1e-4)


def test_all_files_describe_the_same_answers(
    inputs: dict[str, Path],
    classifier: Classifier,
    small_mnist: dict[str, Array],
) -> None:
    evaluate.main(**inputs)

    predicted, actual = classifier.labels(small_mnist["test_images"]), small_mnist["test_labels"]
    errors = int((predicted != actual).sum())
    assert 0 < errors < 100
    metrics = artifacts.read_json(inputs["reports"] / "metrics.json")
    assert metrics["test"]["errors"] == errors
    assert metrics["test"]["accuracy"] == 1 - errors / 200
    assert metrics["validation"]["accuracy"] == 0.75
    digest = hashlib.sha256(inputs["weights"].read_bytes()).hexdigest()
    assert metrics["weights"] == {"sha256": digest}
    bins = artifacts.read_table(inputs["reports"] / "calibration.csv")
    assert bins["images"].sum() == 200
    predictions = artifacts.read_table(inputs["reports"] / "predictions.csv")
    np.testing.assert_array_equal(predictions["predicted"], predicted)
    assert len(artifacts.read_table(inputs["reports"] / "misclassified.csv")) == errors
    assert artifacts.read_table(inputs["reports"] / "confusion_matrix.csv")["count"].sum() == 200
    support = artifacts.read_table(inputs["reports"] / "classes.csv")["support"]
    np.testing.assert_array_equal(support, np.bincount(actual))


def test_the_same_inputs_give_the_same_bytes(inputs: dict[str, Path]) -> None:
    assert written(inputs) == written(inputs)


def test_weights_of_another_recipe_are_refused_and_nothing_is_written(
    inputs: dict[str, Path],
) -> None:
    weights = artifacts.read_tensors(inputs["weights"])
    del weights["fc_3.bias"]
    artifacts.write_tensors(inputs["weights"], weights)

    with pytest.raises(WeightsError):
        evaluate.main(**inputs)

    assert [path.name for path in inputs["reports"].iterdir()] == ["history.csv"]
