import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stages.artifacts import Array
from stages.dataset.standardization import measure
from stages.exported import ExportedModel
from stages.model.classifier import Classifier
from stages.model.export import Exported, export
from stages.sections.recipe import NetworkParams


@pytest.fixture(params=[1, 5], ids=["one view", "five views"])
def classifier(
    request: pytest.FixtureRequest, small_network: NetworkParams, small_mnist: dict[str, Array]
) -> Classifier:
    network = small_network.model_copy(update={"views": request.param})
    return Classifier(network, measure(small_mnist["train_images"]), 10, seed=1)


@pytest.fixture
def exported(classifier: Classifier, small_mnist: dict[str, Array]) -> Exported:
    return export(classifier, small_mnist["test_images"])


def test_the_saved_model_gives_the_classifiers_answers(
    classifier: Classifier, exported: Exported, small_mnist: dict[str, Array], tmp_path: Path
) -> None:
    images = small_mnist["test_images"]
    for name, content in exported.saved_model.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    answer = tf.saved_model.load(str(tmp_path)).signatures["serving_default"](tf.constant(images))

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


PROGRAM = """
import hashlib, numpy as np, pathlib, sys
from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.model.export import export
from stages.params import read_params

prepare("cpu", 2)
numbers = {"mean": np.zeros((28, 28), np.float32), "standard_deviation": np.ones(1, np.float32)}
recipe = read_params(pathlib.Path(sys.argv[1])).chosen_recipe
exported = export(Classifier(recipe.network, numbers, 10, 1), np.zeros((1, 28, 28), np.uint8))
for name, content in {**exported.saved_model, "tflite": exported.tflite}.items():
    print(name, hashlib.sha256(content).hexdigest())
"""


def test_the_same_classifier_gives_the_same_bytes_in_another_process_and_folder(
    small_params: Path, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]

    def files(folder: str) -> str:
        (tmp_path / folder).mkdir()
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, small_params],
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
