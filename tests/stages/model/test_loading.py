from pathlib import Path

import numpy as np
import pytest

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.loading import load_classifier
from stages.model.variables import WeightsError
from stages.params.network import NetworkParams
from stages.shared import artifacts
from stages.shared.artifacts import Array


def test_a_loaded_classifier_answers_as_the_saved_one(
    small_network: NetworkParams, small_mnist: dict[str, Array], tmp_path: Path
) -> None:
    numbers = measure(small_mnist["train_images"])
    saved = Classifier(small_network, numbers, 10, seed=5)
    artifacts.write_tensors(tmp_path / "weights.safetensors", saved.weights)

    loaded = load_classifier(small_network, numbers, 10, tmp_path / "weights.safetensors")

    images = small_mnist["test_images"][:20]
    np.testing.assert_array_equal(loaded.probabilities(images), saved.probabilities(images))


def test_weights_of_another_network_are_refused(
    small_network: NetworkParams, small_mnist: dict[str, Array], tmp_path: Path
) -> None:
    numbers = measure(small_mnist["train_images"])
    saved = Classifier(small_network, numbers, 11, seed=5)
    artifacts.write_tensors(tmp_path / "weights.safetensors", saved.weights)

    with pytest.raises(WeightsError, match="train again"):
        load_classifier(small_network, numbers, 10, tmp_path / "weights.safetensors")
