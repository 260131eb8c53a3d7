import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.artifacts import Array
from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.export import export
from stages.params import read_params

ROOT = Path(__file__).parents[1]


@pytest.fixture
def model(small_params: Path, small_mnist: dict[str, Array], tmp_path: Path) -> Path:
    recipe = read_params(small_params).chosen_recipe
    classifier = Classifier(recipe.network, measure(small_mnist["train_images"]), 10, seed=5)
    path = tmp_path / "classifier.tflite"
    path.write_bytes(export(classifier, small_mnist["test_images"]).tflite)
    return path


@pytest.fixture
def photo(small_mnist: dict[str, Array], tmp_path: Path) -> Path:
    digit = Image.fromarray(255 - small_mnist["test_images"][0])
    path = tmp_path / "photo.png"
    digit.resize((280, 280), Image.Resampling.BICUBIC).save(path)
    return path


def predict(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stages.predict", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_picture_is_answered_in_a_table(model: Path, photo: Path) -> None:
    done = predict(photo, "--model", model)

    assert done.returncode == 0, done.stderr
    heading, row = done.stdout.splitlines()
    assert heading.split() == [
        "picture", "digit", "predicted", "confidence", "runner_up", "runner_up_confidence",
    ]  # fmt: skip
    assert row.split()[:2] == [str(photo), "1"]


def test_the_answers_can_be_json(model: Path, photo: Path) -> None:
    done = predict(photo, photo, "--json", "--model", model)

    content = json.loads(done.stdout)
    (digit,) = content["digits"]
    assert digit["predicted"] in set("0123456789")
    assert 0 < digit["runner_up_confidence"] <= digit["confidence"] <= 1
    assert content["unread"] == {}


def test_what_cannot_be_read_is_said_and_the_rest_is_answered(
    model: Path, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("hello")

    done = predict(tmp_path / "note.txt", tmp_path / "absent.png", photo, "--model", model)

    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    assert "note.txt: expected a PNG or JPEG file" in done.stderr
    assert "absent.png: expected a whole picture, found: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_blank_picture_has_no_digit(model: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((100, 100), 200, np.uint8)).save(tmp_path / "blank.png")

    done = predict(tmp_path / "blank.png", "--model", model)

    assert done.returncode == 0
    assert done.stdout == ""
    assert "blank.png: no digit found" in done.stderr


def test_it_does_without_tensorflow() -> None:
    program = "import sys, stages.predict; print('tensorflow' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "False"


def test_without_a_model_it_says_how_to_make_one(photo: Path, tmp_path: Path) -> None:
    done = predict(photo, "--model", tmp_path / "absent.tflite")

    assert done.returncode == 1
    assert "expected an exported model, found: no such file; run `dvc repro" in done.stderr
    assert "Traceback" not in done.stderr
