import math
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from stages.results import metrics
from stages.shared.artifacts import Array

CLASSES = ("Shirt", "T-shirt/top", "Bag")
HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25], "accuracy": [0.75, 0.8765432109]})


def certain(labels: list[int], predicted: list[int], classes: int = 3) -> pd.DataFrame:
    """Predictions that give almost all probability to one class."""
    probabilities = np.full((len(labels), classes), 0.05, np.float32)
    probabilities[np.arange(len(labels)), predicted] = 1 - 0.05 * (classes - 1)
    return metrics.prediction_table(probabilities, np.array(labels, np.uint8))


@pytest.fixture
def predictions() -> pd.DataFrame:
    """Of three shirts one is taken for a T-shirt, of two T-shirts one for a shirt; no bag."""
    return certain([0, 0, 1, 0, 1], [0, 1, 1, 0, 0])


def test_the_prediction_table_has_the_published_columns_in_order() -> None:
    probabilities = np.full((2, 12), 1 / 12, np.float32)

    table = metrics.prediction_table(probabilities, np.array([3, 4]))

    ranked = [f"{what}_{place}" for place in range(2, 11) for what in ("class", "probability")]
    assert list(table.columns) == [
        *("index", "label", "predicted", "confidence", "label_probability"),
        *ranked,
    ]
    assert table["label_probability"].tolist() == pytest.approx([1 / 12] * 2)


def test_the_predicted_class_is_the_most_probable() -> None:
    probabilities = np.array([[0.125, 0.625, 0.25], [0.5, 0.25, 0.25]], np.float32)

    table = metrics.prediction_table(probabilities, np.array([2, 0], np.uint8))

    assert table.to_dict("list") == {
        "index": [0, 1],
        "label": [2, 0],
        "predicted": [1, 0],
        "confidence": [0.625, 0.5],
        "label_probability": [0.25, 0.5],
        "class_2": [2, 1],
        "probability_2": [0.25, 0.25],
        "class_3": [0, 2],
        "probability_3": [0.125, 0.25],
    }


def test_errors_are_ranked_by_confidence_and_ties_by_index() -> None:
    probabilities = np.array(
        [[0.5, 0.5, 0], [0.25, 0.75, 0], [1, 0, 0], [0, 0.125, 0.875], [0, 0.75, 0.25]],
        np.float32,
    )

    wrong = metrics.misclassified(
        metrics.prediction_table(probabilities, np.array([1, 0, 0, 1, 2])), CLASSES
    )

    assert wrong["index"].tolist() == [3, 1, 4, 0]
    assert wrong["label_name"].tolist() == ["T-shirt/top", "Shirt", "Bag", "T-shirt/top"]
    assert wrong["predicted_name"].tolist() == ["Bag", "T-shirt/top", "T-shirt/top", "Shirt"]
    assert wrong["confidence"].tolist() == [0.875, 0.75, 0.75, 0.5]


def test_without_errors_the_table_of_errors_keeps_its_columns() -> None:
    wrong = metrics.misclassified(certain([0, 1], [0, 1]), CLASSES)

    names = ["label_name", "predicted_name"]
    assert len(wrong) == 0
    assert list(wrong.columns) == [
        *("index", "label", "predicted", *names, "confidence", "label_probability")
    ]


def test_pairs_of_classes_are_counted_in_the_order_of_the_classes(
    predictions: pd.DataFrame,
) -> None:
    table = metrics.confusion_matrix(predictions, CLASSES)

    assert [tuple(row) for row in table.itertuples(index=False)] == [
        ("Shirt", "Shirt", 2),
        ("Shirt", "T-shirt/top", 1),
        ("T-shirt/top", "Shirt", 1),
        ("T-shirt/top", "T-shirt/top", 1),
    ]
    assert list(table.columns) == ["actual", "predicted", "count"]


def test_precision_recall_and_f1_agree_with_hand_computation() -> None:
    # Shirt: 3 images, 2 found, named 4 times; T-shirt/top: 3, 1, 2; Bag: 1, 1, 1.
    table = metrics.per_class(certain([0, 0, 0, 1, 1, 1, 2], [0, 0, 1, 0, 0, 1, 2]), CLASSES)

    assert table["class"].tolist() == list(CLASSES)
    assert table["support"].tolist() == [3, 3, 1]
    assert table["precision"].tolist() == pytest.approx([2 / 4, 1 / 2, 1])
    assert table["recall"].tolist() == pytest.approx([2 / 3, 1 / 3, 1])
    assert table["f1"].tolist() == pytest.approx([4 / 7, 2 / 5, 1])


def test_a_class_that_is_never_predicted_gets_zeros_and_no_warning(
    predictions: pd.DataFrame,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bag = metrics.per_class(predictions, CLASSES).iloc[2]

    assert bag[["support", "precision", "recall", "f1"]].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, the score method.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_agrees_with_published_ones(
    right: int, count: int, low: float, high: float
) -> None:
    test = metrics.summary(certain([0] * count, [0] * right + [1] * (count - right)), HISTORY, b"")[
        "test"
    ]

    assert test["accuracy"] == pytest.approx(right / count, abs=5e-7)
    assert test["accuracy_low"] == pytest.approx(low, abs=5e-5)
    assert test["accuracy_high"] == pytest.approx(high, abs=5e-5)
    assert (test["errors"], test["images"]) == (count - right, count)


@pytest.mark.parametrize(
    ("probabilities", "loss"),
    [
        ([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]], (math.log(2) + math.log(4 / 3)) / 2),
        ([[1, 0, 0], [0, 1, 0]], 0),
    ],
)
def test_the_loss_is_the_mean_cross_entropy(probabilities: list[list[float]], loss: float) -> None:
    table = metrics.prediction_table(np.array(probabilities, np.float32), np.array([0, 1]))

    assert metrics.summary(table, HISTORY, b"")["test"]["loss"] == pytest.approx(loss, abs=1e-6)


def test_the_loss_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(12), 500).astype(np.float32)
    labels = random.integers(0, 12, 500)
    probabilities[0] = np.eye(12)[(labels[0] + 1) % 12]
    # Its own way of saying that float32 does not add up to 1 exactly is a warning.
    exact = probabilities / probabilities.sum(axis=1, keepdims=True, dtype=np.float64)

    found = metrics.summary(metrics.prediction_table(probabilities, labels), HISTORY, b"")

    expected = log_loss(labels, exact, labels=range(12))
    assert found["test"]["loss"] == pytest.approx(expected, abs=1e-6)


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy(
    predictions: pd.DataFrame,
) -> None:
    # Every answer has a confidence of 0.9, and three of five are right.
    test = metrics.summary(predictions, HISTORY, b"")["test"]

    assert test["calibration_error"] == pytest.approx(0.9 - 3 / 5)


@pytest.mark.parametrize("row", [[0, 1, 0], [0.3333, 0.3333, 0.3333]])
def test_neither_certainty_in_a_wrong_answer_nor_rounded_probabilities_break_the_loss(
    row: list[float],
) -> None:
    table = metrics.prediction_table(np.array([row], np.float32), np.array([0]))

    assert math.log(3) - 1e-6 <= metrics.summary(table, HISTORY, b"")["test"]["loss"] < math.inf


def test_the_last_validation_stands_beside_the_test_in_six_digits(
    predictions: pd.DataFrame,
) -> None:
    assert metrics.summary(predictions, HISTORY, b"")["validation"] == {"accuracy": 0.876543}


def test_the_arrays_handed_in_stay_as_they_were(predictions: pd.DataFrame) -> None:
    before: Array = predictions.to_numpy().copy()

    metrics.misclassified(predictions, CLASSES)
    metrics.summary(predictions, HISTORY, b"")

    np.testing.assert_array_equal(predictions.to_numpy(), before)
