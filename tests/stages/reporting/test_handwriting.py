from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from stages.reporting import handwriting
from stages.reporting.handwriting import shown
from stages.results.handwriting import TEXTS, answers
from stages.shared.artifacts import read_table, write_table
from stages.shared.doubt import Doubt

CLASSES = tuple("0123456789")
BYTES = (0, 255)


@pytest.fixture
def table() -> pd.DataFrame:
    names = ["3.png", "4a.png", "sheet.png", "sheet.png"]
    probabilities = np.zeros((4, 10), np.float32)
    probabilities[range(4), [3, 9, 1, 0]] = [0.9, 0.6, 0.8, 1]
    probabilities[range(4), [8, 4, 7, 6]] = [0.1, 0.4, 0.2, 0]
    return answers(
        names, probabilities, CLASSES, Doubt(sure_from=0.7, digit_from=0.5), np.zeros(4, bool)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("3.png", "4a.png", "sheet.png", "empty.png"):
        Image.new("RGB", (640, 480), "beige").save(tmp_path / name)
    return tmp_path


def test_pictures_are_shown_with_what_was_seen(
    table: pd.DataFrame, folder: Path, tmp_path: Path
) -> None:
    write_table(tmp_path / "table.csv", table)
    digits = np.zeros((4, 28, 28), np.uint8)

    found = shown(
        folder,
        read_table(tmp_path / "table.csv", TEXTS),
        digits,
        ["empty.png"],
        CLASSES,
        BYTES,
    )

    assert [picture["name"] for picture in found] == ["3.png", "4a.png", "empty.png", "sheet.png"]
    assert [len(picture["digits"]) for picture in found] == [1, 1, 0, 2]
    right = [digit["right"] for picture in found for digit in picture["digits"]]
    assert right == [True, False, None, None]
    assert found[1]["digits"][0]["predicted"] == "9"
    assert all(picture["address"].startswith("data:image/jpeg;base64,") for picture in found)


def test_only_the_first_pictures_are_shown(
    table: pd.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handwriting, "MOST_SHOWN", 2)

    found = shown(folder, table, np.zeros((4, 28, 28), np.uint8), ["empty.png"], CLASSES, BYTES)

    assert [picture["name"] for picture in found] == ["3.png", "4a.png"]


def test_what_is_not_a_digit_is_neither_right_nor_wrong(folder: Path) -> None:
    probabilities = np.full((1, 10), 0.1, np.float32)
    doubt = Doubt(sure_from=0.7, digit_from=0.5)
    table = answers(["3.png"], probabilities, CLASSES, doubt, np.zeros(1, bool))

    (picture,) = shown(folder, table, np.zeros((1, 28, 28), np.uint8), ["3.png"], CLASSES, BYTES)

    (digit,) = picture["digits"]
    assert digit["doubt"] == "not a digit"
    assert digit["right"] is None
