from pathlib import Path

import numpy as np
import pytest
from scipy.special import logit, softmax

from stages.dataset.standardization import measure
from stages.model.classifier import CALIBRATION, Classifier
from stages.model.variables import WeightsError
from stages.params.network import NetworkParams
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.calibration import best_temperature, calibrate, measured


@pytest.mark.parametrize(("right", "confidence"), [(90, 0.7), (60, 0.95), (99, 0.99)])
def test_of_equal_answers_the_confidence_becomes_their_accuracy(
    right: int, confidence: float
) -> None:
    probabilities = np.tile([confidence, 1 - confidence], (100, 1))
    labels = np.array([0] * right + [1] * (100 - right))

    temperature = best_temperature(probabilities, labels)

    # Each label counts as 101/102 certain.
    expected = (right * 101 + (100 - right)) / 102 / 100
    assert temperature == pytest.approx(logit(confidence) / logit(expected), rel=1e-3)


@pytest.mark.parametrize("drawn_at", [0.5, 1.0, 2.0])
def test_the_temperature_at_which_labels_were_drawn_is_found(drawn_at: float) -> None:
    random = np.random.default_rng(2)
    logits = random.normal(0, 3, (20_000, 10))
    chances = softmax(logits / drawn_at, axis=1).cumsum(axis=1)
    labels = (random.random((len(logits), 1)) > chances).sum(axis=1)

    assert best_temperature(softmax(logits, axis=1), labels) == pytest.approx(drawn_at, rel=0.03)


def test_few_images_that_are_all_answered_right_do_not_demand_full_confidence() -> None:
    probabilities = np.tile([0.9, 0.1], (10, 1))

    temperature = best_temperature(probabilities, np.zeros(10, int))

    assert logit(0.9) / temperature == pytest.approx(logit(11 / 12), rel=1e-3)


def test_zero_probabilities_are_no_error() -> None:
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])

    assert best_temperature(probabilities, np.array([0, 1, 1])) == pytest.approx(10, rel=1e-3)


@pytest.fixture
def calibrated(small_network: NetworkParams, small_mnist: dict[str, Array]) -> Classifier:
    network = small_network.model_copy(update={"calibration": "temperature"})
    return Classifier(network, measure(small_mnist["train_images"]), 10, seed=1)


@pytest.fixture
def validation(small_mnist: dict[str, Array]) -> Examples:
    return Examples(small_mnist["test_images"], small_mnist["test_labels"])


def test_another_classifier_takes_the_temperature_from_the_weights(
    calibrated: Classifier, validation: Examples, tmp_path: Path
) -> None:
    before = calibrated.probabilities(validation.images)
    calibrate(calibrated, validation, None)
    after = calibrated.probabilities(validation.images)
    artifacts.write_tensors(tmp_path / "weights.safetensors", calibrated.weights)
    assert not np.allclose(before, after, atol=1e-3)
    np.testing.assert_allclose(calibrated.uncalibrated(after), before, atol=1e-6)

    doubt = calibrated.doubt
    assert doubt
    assert doubt.sure_from > doubt.digit_from > 0
    calibrated.weights |= {name: np.array(1, np.float32) for name in CALIBRATION}
    calibrate(calibrated, None, tmp_path / "weights.safetensors")

    assert calibrated.doubt == doubt
    np.testing.assert_array_equal(calibrated.probabilities(validation.images), after)


def test_without_calibration_the_probabilities_stay(
    small_network: NetworkParams, small_mnist: dict[str, Array], validation: Examples
) -> None:
    plain = Classifier(small_network, measure(small_mnist["train_images"]), 10, seed=1)
    before = plain.probabilities(validation.images)

    calibrate(plain, validation, None)

    assert not set(CALIBRATION) & set(plain.weights)
    assert plain.doubt is None
    np.testing.assert_array_equal(plain.probabilities(validation.images), before)
    assert plain.uncalibrated(before) is before


def test_weights_without_a_temperature_are_named(
    calibrated: Classifier, small_network: NetworkParams, tmp_path: Path
) -> None:
    plain = Classifier(small_network, calibrated.standardization, 10, seed=1)
    path = tmp_path / "train.safetensors"
    artifacts.write_tensors(path, plain.weights)

    with pytest.raises(WeightsError, match=r"expected a temperature in .*train\.safetensors"):
        calibrate(calibrated, None, path)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_no_number_above_0_is_named(
    calibrated: Classifier, temperature: float, tmp_path: Path
) -> None:
    path = tmp_path / "train.safetensors"
    damaged = {"temperature": np.array(temperature, np.float32)}
    artifacts.write_tensors(path, calibrated.weights | damaged)

    with pytest.raises(WeightsError, match=r"expected a temperature above 0 in .*, found"):
        calibrate(calibrated, None, path)


def test_answers_need_the_confidence_of_the_validation_images() -> None:
    """At a temperature of about 1, since each confidence is right about as often."""
    confidence = np.linspace(1, 0.6, 20_000)
    wrong = np.diff(np.floor(np.cumsum(1 - confidence)), prepend=0) > 0
    probabilities = np.stack([confidence, 1 - confidence], axis=1)

    found = measured(probabilities, wrong.astype(int))

    assert found["temperature"] == pytest.approx(1, abs=0.02)
    assert found["digit_from"] == pytest.approx(0.6, abs=0.01)
    # From 0.998 to 1, 99.9 % are right on average; the first wrong one is the 317th.
    assert found["sure_from"] == pytest.approx(0.998, abs=0.005)
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}
