import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.network import NetworkParams
from stages.serving.description import Description
from stages.serving.export import Exported, export
from stages.serving.exported import ExportedModel
from stages.shared.artifacts import Array


@pytest.fixture(
    params=[{"views": 1}, {"views": 5}, {"calibration": "temperature"}],
    ids=["one view", "five views", "a temperature"],
)
def classifier(
    request: pytest.FixtureRequest, small_network: NetworkParams, small_mnist: dict[str, Array]
) -> Classifier:
    network = small_network.model_copy(update=request.param)
    classifier = Classifier(network, measure(small_mnist["train_images"]), 10, seed=1)
    if classifier.temperature is not None:
        classifier.temperature.assign(0.5)
    return classifier


@pytest.fixture
def exported(classifier: Classifier, mnist_description: Description) -> Exported:
    return export(classifier, mnist_description)


def loaded(exported: Exported, folder: Path) -> Any:
    for name, content in exported.saved_model.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tf.saved_model.load(str(folder)).signatures


def test_the_saved_model_gives_the_classifiers_answers(
    classifier: Classifier, exported: Exported, small_mnist: dict[str, Array], tmp_path: Path
) -> None:
    images = small_mnist["test_images"]

    answer = loaded(exported, tmp_path)["serving_default"](tf.constant(images))

    np.testing.assert_allclose(answer["probabilities"], classifier.probabilities(images), atol=1e-6)
    np.testing.assert_array_equal(answer["labels"], classifier.labels(images))


def test_the_tflite_model_gives_the_classifiers_answers(
    classifier: Classifier, exported: Exported, small_mnist: dict[str, Array], tmp_path: Path
) -> None:
    images = small_mnist["test_images"]
    path = tmp_path / "classifier.tflite"
    path.write_bytes(exported.tflite)

    probabilities = ExportedModel(path).probabilities(images)

    np.testing.assert_allclose(probabilities, classifier.probabilities(images), atol=1e-5)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), classifier.labels(images))


def test_other_programs_read_the_description_from_either_format(
    exported: Exported, tmp_path: Path
) -> None:
    saved = loaded(exported, tmp_path)["describe"]()["description"].numpy()
    tflite = Interpreter(model_content=exported.tflite).get_signature_runner("describe")()

    for found in (saved, tflite["description"]):
        assert json.loads(bytes(found)) == {
            "version": 1,
            "dataset": "mnist",
            "title": "MNIST",
            "classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            "images": {
                "height": 28,
                "width": 28,
                "channels": 1,
                "dtype": "uint8",
                "minimum": 0,
                "maximum": 255,
                "background": "minimum",
            },
            "doubt": None,
        }


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
def test_every_type_of_an_idx_file_is_taken(
    dtype: str,
    small_network: NetworkParams,
    small_mnist: dict[str, Array],
    mnist_description: Description,
    tmp_path: Path,
) -> None:
    images = (small_mnist["test_images"] // 16).astype(dtype)
    classifier = Classifier(small_network, measure(images), 10, seed=1)
    form = mnist_description.images.model_copy(update={"dtype": dtype, "maximum": 15.0})
    description = mnist_description.model_copy(update={"images": form})
    path = tmp_path / "classifier.tflite"
    path.write_bytes(export(classifier, description).tflite)

    model = ExportedModel(path)

    assert model.description == description
    np.testing.assert_allclose(
        model.probabilities(images), classifier.probabilities(images), atol=1e-5
    )


PROGRAM = """
import hashlib, numpy as np, pathlib, sys
from stages.serving.description import Description
from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.serving.export import export
from stages.params.file import read_params

prepare("cpu", 2)
numbers = {
    "mean": np.zeros((28, 28), np.float32),
    "standard_deviation": np.ones(1, np.float32),
    "background": np.zeros(1, np.float32),
}
recipe = read_params(pathlib.Path(sys.argv[1])).recipes["fast"]
description = Description.model_validate_json(sys.argv[2])
exported = export(Classifier(recipe.network, numbers, 10, 1), description)
for name, content in {**exported.saved_model, "tflite": exported.tflite}.items():
    print(name, hashlib.sha256(content).hexdigest())
"""


@pytest.mark.slow
def test_the_same_classifier_gives_the_same_bytes_in_another_process_and_folder(
    small_params: Path, mnist_description: Description, tmp_path: Path
) -> None:
    root = Path(__file__).parents[3]

    def files(folder: str) -> str:
        (tmp_path / folder).mkdir()
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, small_params, mnist_description.model_dump_json()],
            cwd=tmp_path / folder,
            env={"PYTHONPATH": str(root), "TMPDIR": str(tmp_path / folder)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    first, second = files("one"), files("two")

    assert "saved_model.pb" in first
    assert hashlib.sha256(b"").hexdigest() not in first
    assert first == second


def test_colours_are_accepted_in_the_shape_that_the_description_gives(
    small_network: NetworkParams, mnist_description: Description, tmp_path: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 3), np.uint8)
    classifier = Classifier(small_network, measure(images), 10, seed=1)
    form = mnist_description.images.model_copy(update={"channels": 3})

    written = export(classifier, mnist_description.model_copy(update={"images": form}))

    path = tmp_path / "classifier.tflite"
    path.write_bytes(written.tflite)
    expected = classifier.probabilities(images)
    np.testing.assert_allclose(ExportedModel(path).probabilities(images), expected, atol=1e-5)
    served = loaded(written, tmp_path)["serving_default"](tf.constant(images))
    np.testing.assert_allclose(served["probabilities"], expected, atol=1e-6)
