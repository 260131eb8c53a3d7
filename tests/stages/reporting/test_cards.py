import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from stages.reporting.cards import (
    MOST_ERRORS,
    MOST_RIGHT,
    address,
    cards,
    image_address,
    least_sure,
    shown_errors,
)
from stages.results.metrics import prediction_table
from stages.shared.artifacts import Array

BYTES = (0, 255)


def shown(png: str) -> Array:
    kind, _, content = png.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_an_image_is_dark_on_light() -> None:
    image = np.array([[0, 55, 255]], np.uint8)

    assert shown(image_address(image, BYTES)).tolist() == [[255, 200, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
def test_pixels_are_shown_in_the_range_of_their_data_set(dtype: type) -> None:
    image: Array = np.array([[4, 8, 12, 20]], dtype)

    assert shown(image_address(image, (0, 16))).tolist() == [[191, 128, 64, 0]]


def test_colours_are_shown_as_they_are() -> None:
    image = np.array([[[0, 0.5, 1], [1, 0, 0]]])

    assert shown(image_address(image, (0, 1))).tolist() == [[[0, 128, 255], [255, 0, 0]]]


def test_a_large_image_is_reduced() -> None:
    grey = shown(image_address(np.zeros((300, 200)), BYTES))
    colours = image_address(np.full((300, 200, 3), 255), BYTES)

    assert grey.shape == (84, 56)
    kind, _, content = colours.partition(",")
    assert kind == "data:image/jpeg;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert (picture.size, picture.getpixel((3, 3))) == ((56, 84), (255, 255, 255))


def test_an_image_of_one_value_is_paper() -> None:
    image = np.full((2, 2), 7.0)

    assert shown(image_address(image, (7, 7))).tolist() == [[255, 255], [255, 255]]


def test_an_address_holds_its_file() -> None:
    assert address(b"hello", "text/plain") == "data:text/plain;base64,aGVsbG8="


def answers(*rows: tuple[int, int, list[float]]) -> pd.DataFrame:
    indices, labels, probabilities = zip(*rows, strict=True)
    table = prediction_table(np.array(probabilities), np.array(labels))
    return table.assign(index=indices)


def test_a_card_has_the_image_and_the_probability_of_every_class() -> None:
    images = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)

    (card,) = cards(answers((2, 1, [0.05, 0.2, 0.6, 0.15, 0])), images, BYTES, 5)

    assert (card["index"], card["label"], card["predicted"]) == (2, 1, 2)
    assert card["probabilities"] == [(0, 0.05), (1, 0.2), (2, 0.6), (3, 0.15), (4, 0)]
    assert shown(card["image"]).tolist() == (255 - images[2]).tolist()


@pytest.mark.parametrize(("label", "last"), [(0, [0]), (3, [3]), (10, [])])
def test_of_more_than_ten_classes_the_most_probable_and_the_actual_one_are_shown(
    label: int, last: list[int]
) -> None:
    shares = [share / 78 for share in range(1, 13)]

    (card,) = cards(answers((0, label, shares)), np.zeros((1, 2, 2), np.uint8), BYTES, 12)

    shown = [11, 10, 9, 8, 7, *last]
    assert card["probabilities"] == [(number, shares[number]) for number in shown]


def wrong_answers(*pairs: tuple[int, int]) -> pd.DataFrame:
    table = pd.DataFrame(pairs, columns=["label", "predicted"])
    return table.rename_axis("index").reset_index()


def test_every_error_is_shown_where_they_are_not_too_many() -> None:
    wrong = wrong_answers(*[(0, 1), (1, 0), (0, 1)] * (MOST_ERRORS // 3))

    assert shown_errors(wrong).equals(wrong)


def test_of_too_many_errors_the_first_of_each_confusion_are_shown_in_their_order() -> None:
    wrong = wrong_answers(*[(0, 1)] * MOST_ERRORS, (2, 1), (0, 1), (1, 2), (2, 1))

    chosen = shown_errors(wrong)

    rare = [MOST_ERRORS, MOST_ERRORS + 2, MOST_ERRORS + 3]
    assert chosen["index"].tolist() == [*range(MOST_ERRORS - 3), *rare]


def test_of_too_many_errors_each_confusion_has_its_share() -> None:
    wrong = wrong_answers(*[(0, 1)] * 5000, *[(1, 0)] * 4000)

    chosen = shown_errors(wrong)

    assert chosen["index"].tolist() == [*range(150), *range(5000, 5150)]


def test_without_errors_none_is_shown() -> None:
    wrong = wrong_answers((0, 1)).head(0)

    assert shown_errors(wrong).equals(wrong)


def test_the_least_confident_correct_answers_of_each_class_are_chosen() -> None:
    sure = [0.6 + number / 1000 for number in range(MOST_RIGHT)]
    rows = [(number, 0, [share, 1 - share, 0, 0, 0]) for number, share in enumerate(sure)]
    table = answers(*reversed(rows), (999, 1, [0.4, 0.6, 0, 0, 0]), (998, 1, [0.9, 0.1, 0, 0, 0]))

    chosen = least_sure(table)

    assert chosen.loc[chosen["label"] == 0, "index"].tolist() == list(range(MOST_RIGHT // 2))
    assert chosen.loc[chosen["label"] == 1, "index"].tolist() == [999]


def test_of_very_many_classes_not_all_have_a_correct_answer() -> None:
    classes = MOST_RIGHT + 50
    labels = np.arange(classes)
    table = prediction_table(np.eye(classes)[labels] * np.linspace(0.9, 0.5, classes), labels)

    assert least_sure(table)["label"].tolist() == labels[:49:-1].tolist()
