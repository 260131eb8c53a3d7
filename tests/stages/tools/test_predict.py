import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.file import read_params
from stages.serving.description import Description, ImageFormat
from stages.serving.export import export
from stages.shared.artifacts import Array
from stages.shared.doubt import Doubt
from stages.tools.predict import main
from tests.helpers import ROOT, Done, program
from tests.small_mnist import write_small_params

pytestmark = pytest.mark.slow


def exported(images: Array, description: Description, params: Path, path: Path) -> Path:
    """Export an untrained network; it answers alike to the same images in any range."""
    network = read_params(params).recipes["fast"].network
    classifier = Classifier(network, measure(images), len(description.classes), seed=5)
    path.write_bytes(export(classifier, description).tflite)
    return path


@pytest.fixture(scope="module")
def model(
    small_mnist: dict[str, Array],
    mnist_description: Description,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write_small_params(folder / "params.yaml")
    images = small_mnist["train_images"]
    return exported(images, mnist_description, folder / "params.yaml", folder / "classifier.tflite")


@pytest.fixture
def photo(small_mnist: dict[str, Array], tmp_path: Path) -> Path:
    digit = Image.fromarray(255 - small_mnist["test_images"][0])
    path = tmp_path / "photo.png"
    digit.resize((280, 280), Image.Resampling.BICUBIC).save(path)
    return path


def predict(*arguments: object) -> Done:
    """Run the program in this process."""
    return program(main, *arguments)


def predict_process(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "stages.tools.predict", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.core
def test_a_picture_is_answered_in_a_table(model: Path, photo: Path) -> None:
    done = predict_process(photo, "--model", model)

    assert done.returncode == 0, done.stderr
    heading, row = done.stdout.splitlines()
    assert heading.split() == [
        "picture", "digit", "predicted", "confidence", "doubt", "runner_up", "runner_up_confidence",
    ]  # fmt: skip
    assert row.split()[:2] == [str(photo), "1"]


def test_the_answers_can_be_json(model: Path, photo: Path) -> None:
    done = predict(photo, photo, "--json", "--model", model)

    content = json.loads(done.out)
    (digit,) = content["digits"]
    assert digit["predicted"] in set("0123456789")
    assert 0 < digit["runner_up_confidence"] <= digit["confidence"] <= 1
    assert content["unread"] == {}


def test_answers_are_doubted_as_the_model_describes(
    photo: Path,
    small_params: Path,
    small_mnist: dict[str, Array],
    mnist_description: Description,
    tmp_path: Path,
) -> None:
    doubt = Doubt(sure_from=1, digit_from=1)
    description = mnist_description.model_copy(update={"doubt": doubt})
    path = tmp_path / "doubtful.tflite"
    exported(small_mnist["train_images"], description, small_params, path)

    (digit,) = json.loads(predict(photo, "--json", "--model", path).out)["digits"]

    assert digit["doubt"] == "not a digit"


def test_what_cannot_be_read_is_said_and_the_rest_is_answered(
    model: Path, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("hello")

    done = predict(tmp_path / "note.txt", tmp_path / "absent.png", photo, "--model", model)

    assert done.code == 1
    assert len(done.out.splitlines()) == 2
    assert "note.txt: expected a PNG or JPEG file" in done.err
    assert "absent.png: expected a PNG or JPEG file, found no such file." in done.err
    assert "Traceback" not in done.err


def test_blank_pictures_are_named_in_their_order(model: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.png" for name in "caebd"]
    for path in paths:
        Image.fromarray(np.full((100, 100), 200, np.uint8)).save(path)

    done = predict(*paths, "--model", model)

    assert done.code == 0
    assert done.out == ""
    assert done.err.splitlines() == [f"{path}: no digit found" for path in paths]


def test_it_does_without_tensorflow() -> None:
    program = "import sys, stages.tools.predict; print('tensorflow' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "False"


def test_without_a_model_the_error_names_the_command_that_makes_one(
    photo: Path, tmp_path: Path
) -> None:
    done = predict(photo, "--model", tmp_path / "absent.tflite")

    assert done.code == 1
    assert (
        "expected a model that the stage export wrote, found: no such file; run `dvc repro"
        in done.err
    )
    assert "Traceback" not in done.err


# Pixels of a whole number each are coarser where there are but 17 of them.
@pytest.mark.parametrize(
    ("dtype", "minimum", "maximum", "background", "tolerance"),
    [
        ("uint8", 0, 255, "maximum", 1e-3),
        ("uint8", 0, 16, "minimum", 0.05),
        ("int8", -128, 127, "minimum", 1e-3),
        ("int16", -500, 5500, "maximum", 1e-3),
        ("int32", 0, 1_000_000, "minimum", 1e-3),
        ("float32", 0, 1, "minimum", 1e-3),
        ("float32", -1, 1, "maximum", 1e-3),
        ("float64", -1, 1, "minimum", 1e-3),
    ],
)
def test_every_range_type_and_polarity_gives_the_same_answer(
    dtype: str,
    minimum: float,
    maximum: float,
    background: str,
    tolerance: float,
    model: Path,
    photo: Path,
    small_params: Path,
    small_mnist: dict[str, Array],
    mnist_description: Description,
    tmp_path: Path,
) -> None:
    form = ImageFormat.model_validate(
        {
            "height": 28,
            "width": 28,
            "dtype": dtype,
            "minimum": minimum,
            "maximum": maximum,
            "background": background,
        }
    )
    share = small_mnist["train_images"] / 255
    pixels = minimum + (maximum - minimum) * (share if background == "minimum" else 1 - share)
    images = (np.rint(pixels) if np.dtype(dtype).kind in "iu" else pixels).astype(dtype)
    description = mnist_description.model_copy(update={"images": form})
    other = exported(images, description, small_params, tmp_path / "other.tflite")

    answers = [
        json.loads(predict(photo, "--json", "--model", path).out)["digits"]
        for path in (model, other)
    ]

    assert len(answers[0]) == 1
    for name in ("predicted", "runner_up"):
        assert answers[0][0][name] == answers[1][0][name]
    assert answers[1][0]["confidence"] == pytest.approx(answers[0][0]["confidence"], abs=tolerance)


def test_classes_come_from_the_model_and_not_from_params_yaml(
    photo: Path,
    small_params: Path,
    small_mnist: dict[str, Array],
    mnist_description: Description,
    tmp_path: Path,
) -> None:
    names = tuple(f"letter {letter}" for letter in "abcdefghij")
    description = mnist_description.model_copy(update={"classes": names})
    path = tmp_path / "letters.tflite"
    exported(small_mnist["train_images"], description, small_params, path)

    (digit,) = json.loads(predict(photo, "--json", "--model", path).out)["digits"]

    assert {digit["predicted"], digit["runner_up"]} < set(names)


def test_a_model_of_others_is_refused_in_one_sentence(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "other.tflite").write_bytes(bytes(100))

    done = predict_process(photo, "--model", tmp_path / "other.tflite")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
