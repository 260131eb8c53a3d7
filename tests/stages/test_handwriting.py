from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stages import handwriting, standardize
from stages.model.classifier import Classifier
from stages.params.file import read_params
from stages.results.handwriting import TEXTS
from stages.serving.description import DescriptionError
from stages.shared import artifacts
from stages.shared.artifacts import Array

Edit = Callable[[Path, str, Any], None]


@pytest.fixture
def files(
    small_params: Path, small_arrays: Path, small_mnist: dict[str, Array], tmp_path: Path
) -> dict[str, Path]:
    """A folder with one enlarged digit, what is no picture, and a link."""
    recipe = read_params(small_params).recipes["fast"]
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
        "arrays": small_arrays,
        "folder": folder,
        "standardization": tmp_path / "standardization.safetensors",
        "weights": tmp_path / "weights.safetensors",
        "digits": tmp_path / "digits.npy",
        "reports": tmp_path,
    }


def test_every_picture_is_answered_or_listed_with_its_reason(
    files: dict[str, Path], small_mnist: dict[str, Array]
) -> None:
    handwriting.main(**files)

    table = artifacts.read_table(files["reports"] / "handwriting.csv")
    assert table["picture"].tolist() == ["7.png"]
    assert table["label"].tolist() == [7]
    summary = artifacts.read_json(files["reports"] / "handwriting.json")
    assert (summary["pictures"], summary["digits"], summary["labelled"]) == (1, 1, 1)
    assert list(summary["unread"]) == ["link.png", "note.txt"]
    seen = artifacts.read_array(files["digits"])
    assert seen.shape == (1, 28, 28)
    assert np.corrcoef(seen[0].ravel(), small_mnist["test_images"][0].ravel())[0, 1] > 0.8


def test_answers_are_doubted_by_the_confidence_that_the_weights_hold(
    files: dict[str, Path],
) -> None:
    weights = artifacts.read_tensors(files["weights"])

    def doubts(sure_from: float, digit_from: float) -> tuple[list[str], list[int]]:
        limits = {"sure_from": sure_from, "digit_from": digit_from}
        numbers = {name: np.array(limit, np.float32) for name, limit in limits.items()}
        artifacts.write_tensors(files["weights"], weights | numbers)
        handwriting.main(**files)
        table = artifacts.read_table(files["reports"] / "handwriting.csv", TEXTS)
        summary = artifacts.read_json(files["reports"] / "handwriting.json")
        counts = [summary[name] for name in ("digits", "not_sure", "not_a_digit")]
        return table["doubt"].tolist(), counts

    assert doubts(0, 0) == ([""], [1, 0, 0])
    assert doubts(1, 0) == (["not sure"], [1, 1, 0])
    assert doubts(1, 1) == (["not a digit"], [0, 0, 1])


def test_an_empty_folder_stops_nothing(files: dict[str, Path]) -> None:
    for path in files["folder"].iterdir():
        path.unlink()

    handwriting.main(**files)

    assert artifacts.read_json(files["reports"] / "handwriting.json")["pictures"] == 0
    assert artifacts.read_array(files["digits"]).shape == (0, 28, 28)
    assert len(artifacts.read_table(files["reports"] / "handwriting.csv")) == 0


def test_the_digits_own_numbers_may_standardize_them(files: dict[str, Path], edit: Edit) -> None:
    def confidence() -> float:
        handwriting.main(**files)
        return float(artifacts.read_table(files["reports"] / "handwriting.csv")["confidence"][0])

    alone = confidence()
    edit(files["params"], "handwriting.standardization", "own")
    # Of a single digit, nothing would be left.
    assert confidence() == alone
    sheet = Image.new("L", (200, 120), 230)
    ImageDraw.Draw(sheet).line([(60, 20), (60, 100)], fill=30, width=8)
    sheet.save(files["folder"] / "8.png")

    assert confidence() != pytest.approx(alone)


def test_a_data_set_is_shown_digits_in_its_own_range(
    files: dict[str, Path], small_mnist: dict[str, Array], edit: Edit
) -> None:
    dark = (1 - small_mnist["train_images"] / 127.5).astype(np.float32)
    np.save(files["arrays"] / "train_images.npy", dark)
    standardize.main(files["arrays"], files["standardization"])
    edit(files["params"], "datasets.mnist.expectations.pixel_minimum", -1)
    edit(files["params"], "datasets.mnist.expectations.pixel_maximum", 1)

    handwriting.main(**files)

    (seen,) = artifacts.read_array(files["digits"])
    assert seen.dtype == np.float32
    assert (seen.min(), seen.max()) == (-1, 1)
    assert (seen[0] == 1).all()
    expected = 1 - small_mnist["test_images"][0] / 127.5
    assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.8


def test_a_wrongly_declared_range_is_refused_before_anything_is_written(
    files: dict[str, Path], small_mnist: dict[str, Array]
) -> None:
    np.save(files["arrays"] / "train_images.npy", small_mnist["train_images"] // 16)

    with pytest.raises(DescriptionError, match="found pixels from 0 to 15; correct pixel_minimum"):
        handwriting.main(**files)

    assert not (files["reports"] / "handwriting.csv").exists()
