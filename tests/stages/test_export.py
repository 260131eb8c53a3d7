from pathlib import Path

import numpy as np

from stages import export, standardize
from stages.model.classifier import Classifier
from stages.params.file import read_params
from stages.serving.description import Description
from stages.serving.exported import ExportedModel
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.shared.doubt import Doubt


def test_what_is_exported_answers_as_the_network_does(
    small_params: Path,
    small_arrays: Path,
    small_mnist: dict[str, Array],
    mnist_description: Description,
    tmp_path: Path,
) -> None:
    recipe = read_params(small_params).recipes["fast"]
    standardization, weights = tmp_path / "standardization.safetensors", tmp_path / "w.safetensors"
    standardize.main(small_arrays, standardization)
    classifier = Classifier(recipe.network, artifacts.read_tensors(standardization), 10, seed=5)
    artifacts.write_tensors(weights, classifier.weights)

    export.main(
        small_params,
        small_arrays,
        standardization,
        weights,
        saved_model=tmp_path / "saved_model",
        tflite=tmp_path / "classifier.tflite",
    )

    images = small_mnist["test_images"]
    model = ExportedModel(tmp_path / "classifier.tflite")
    nothing = Doubt(sure_from=0, digit_from=0)
    assert model.description == mnist_description.model_copy(update={"doubt": nothing})
    np.testing.assert_allclose(
        model.probabilities(images), classifier.probabilities(images), atol=1e-5
    )
    files = {path.name for path in (tmp_path / "saved_model").rglob("*") if path.is_file()}
    assert "saved_model.pb" in files
    # A random number is in it.
    assert "fingerprint.pb" not in files
