import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from stages.reporting.cards import (
    LEAST_SURE,
    MOST_ERRORS,
    address,
    cards,
    least_sure,
    png_address,
    shown_errors,
)
from stages.shared.artifacts import Array

BYTES = (0, 255)


def shown(png: str) -> Array:
    kind, _, content = png.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_an_image_is_dark_on_light() -> None:
    image = np.array([[0, 55, 255]], np.uint8)

    assert shown(png_address(image, BYTES)).tolist() == [[255, 200, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
def test_pixels_are_shown_in_the_range_of_their_data_set(dtype: type) -> None:
    image: Array = np.array([[4, 8, 12]], dtype)

    assert shown(png_address(image, (0, 16))).tolist() == [[191, 128, 64]]


def test_colours_are_shown_as_they_are() -> None:
    image = np.array([[[0, 0.5, 1], [1, 0, 0]]])

    assert shown(png_address(image, (0, 1))).tolist() == [[[0, 128, 255], [255, 0, 0]]]


def test_an_image_of_one_value_is_paper() -> None:
    image = np.full((2, 2), 7.0)

    assert shown(png_address(image, (7, 7))).tolist() == [[255, 255], [255, 255]]


def test_an_address_holds_its_file() -> None:
    assert address(b"hello", "text/plain") == "data:text/plain;base64,aGVsbG8="


def answers(*rows: tuple[int, int, list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "index": index,
                "label": label,
                "predicted": int(np.argmax(p)),
                "confidence": max(p),
                **{f"p{number}": share for number, share in enumerate(p)},
            }
            for index, label, p in rows
        ]
    )


def test_a_card_has_the_image_and_the_probability_of_every_class() -> None:
    images = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)

    (card,) = cards(answers((2, 1, [0.05, 0.2, 0.6, 0.15, 0])), images, BYTES)

    assert (card["index"], card["label"], card["predicted"]) == (2, 1, 2)
    assert card["probabilities"] == [0.05, 0.2, 0.6, 0.15, 0]
    assert shown(card["image"]).tolist() == (255 - images[2]).tolist()


def test_the_probabilities_of_more_than_ten_classes_are_in_the_order_of_the_classes() -> None:
    shares = [share / 78 for share in range(1, 13)]

    (card,) = cards(answers((0, 3, shares)), np.zeros((1, 2, 2), np.uint8), BYTES)

    assert card["probabilities"] == shares


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

    assert chosen["index"].tolist() == [*range(750), *range(5000, 5750)]


def test_without_errors_none_is_shown() -> None:
    wrong = wrong_answers((0, 1)).head(0)

    assert shown_errors(wrong).equals(wrong)


def test_the_least_confident_correct_answers_of_each_class_are_chosen() -> None:
    sure = [0.5 + number / 100 for number in range(LEAST_SURE + 5)]
    rows = [(number, 0, [share, 1 - share, 0, 0, 0]) for number, share in enumerate(sure)]
    table = answers(*reversed(rows), (99, 1, [0.4, 0.6, 0, 0, 0]), (98, 1, [0.9, 0.1, 0, 0, 0]))

    chosen = least_sure(table)

    assert chosen.loc[chosen["label"] == 0, "index"].tolist() == list(range(LEAST_SURE))
    assert chosen.loc[chosen["label"] == 1, "index"].tolist() == [99]
