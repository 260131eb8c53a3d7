from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages import artifacts, handwriting, standardize
from stages.artifacts import Array
from stages.model.classifier import Classifier
from stages.params import read_params

Edit = Callable[[Path, str, Any], None]


@pytest.fixture
def files(
    small_params: Path, small_arrays: Path, small_mnist: dict[str, Array], tmp_path: Path
) -> dict[str, Path]:
    """A folder with one enlarged digit, what is no picture, and a link."""
    recipe = read_params(small_params).chosen_recipe
    standardize.main(small_arrays, tmp_path / "standardization.safetensors")
    numbers = artifacts.read_tensors(tmp_path / "standardization.safetensors")
    classifier = Classifier(recipe.network, numbers, 10, seed=5)
    artifacts.write_tensors(tmp_path / "weights.safetensors", classifier.weights)
    folder = tmp_path / "handwriting"
    folder.mkdir()
    digit = Image.fromarray(255 - small_mnist["test_images"][0])
    digit.resize((280, 280), Image.Resampling.BICUBIC).save(folder / "7.png")
    (folder / "note.txt").write_text("hello")
    (folder / "link.png").symlink_to(folder / "7.png")
    return {
        "params": small_params,
        "folder": folder,
        "standardization": tmp_path / "standardization.safetensors",
        "weights": tmp_path / "weights.safetensors",
        "digits": tmp_path / "digits.npy",
        "table": tmp_path / "handwriting.csv",
        "summary": tmp_path / "handwriting.json",
    }


def test_every_picture_is_answered_or_listed_with_its_reason(
    files: dict[str, Path], small_mnist: dict[str, Array]
) -> None:
    handwriting.main(**files)

    table = artifacts.read_table(files["table"])
    assert table["picture"].tolist() == ["7.png"]
    assert table["label"].tolist() == [7]
    summary = artifacts.read_json(files["summary"])
    assert (summary["pictures"], summary["digits"], summary["labelled"]) == (1, 1, 1)
    assert list(summary["unread"]) == ["link.png", "note.txt"]
    seen = artifacts.read_array(files["digits"])
    assert seen.shape == (1, 28, 28)
    assert np.corrcoef(seen[0].ravel(), small_mnist["test_images"][0].ravel())[0, 1] > 0.8


def test_an_empty_folder_stops_nothing(files: dict[str, Path]) -> None:
    for path in files["folder"].iterdir():
        path.unlink()

    handwriting.main(**files)

    assert artifacts.read_json(files["summary"])["pictures"] == 0
    assert artifacts.read_array(files["digits"]).shape == (0, 28, 28)
    assert len(artifacts.read_table(files["table"])) == 0


def test_the_digits_own_numbers_may_standardize_them(files: dict[str, Path], edit: Edit) -> None:
    def confidence() -> float:
        handwriting.main(**files)
        return float(artifacts.read_table(files["table"])["confidence"][0])

    by_training = confidence()
    edit(files["params"], "handwriting.standardization", "own")

    assert confidence() != pytest.approx(by_training)
