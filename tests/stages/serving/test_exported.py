import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from stages.serving.description import Description
from stages.serving.exported import ExportedError, ExportedModel

pytestmark = pytest.mark.slow

Make = Callable[..., Path]


class Module(tf.Module):
    """Holds what a model answers to every image."""

    def __init__(self, share: tf.Tensor) -> None:
        super().__init__()
        self.share = tf.Variable(share)


def write_model(
    folder: Path,
    description: Description,
    shape: tuple[int, int] = (28, 28),
    dtype: str = "uint8",
    answers: int = 10,
    total: float = 1,
    text: bytes | None = None,
    names: tuple[str, ...] = ("serving_default", "describe"),
    description_dtype: str = "uint8",
    **changes: Any,
) -> Path:
    """Write a model without our code: evenly unsure, with any description and signatures."""
    described = json.dumps(description.model_dump(mode="json") | changes).encode()
    constant = np.frombuffer(text if text is not None else described, np.uint8)
    module = Module(tf.fill((answers,), total / answers))

    @tf.function(input_signature=[tf.TensorSpec((None, *shape), dtype, name="images")])
    def classify(images: tf.Tensor) -> dict[str, tf.Tensor]:
        zeros = 0 * tf.reduce_sum(tf.cast(images, tf.float32), axis=(1, 2))
        return {"probabilities": zeros[:, tf.newaxis] + module.share}

    @tf.function(input_signature=[])
    def describe() -> dict[str, tf.Tensor]:
        return {"description": tf.constant(constant.astype(description_dtype))}

    functions = {"serving_default": classify, "describe": describe, "other": classify}
    saved = str(folder / "saved")
    tf.saved_model.save(module, saved, signatures={name: functions[name] for name in names})
    path = folder / "classifier.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(saved, list(names)).convert())
    return path


@pytest.fixture
def make(mnist_description: Description, tmp_path: Path) -> Make:
    return partial(write_model, tmp_path, mnist_description)


@pytest.fixture(scope="module")
def valid(mnist_description: Description, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model as it should be."""
    return write_model(tmp_path_factory.mktemp("valid"), mnist_description)


def refusal(path: Path) -> str:
    with pytest.raises(ExportedError) as error:
        ExportedModel(path)
    sentence = str(error.value)
    assert sentence.startswith(f"{path}: expected a model that the stage export wrote, found: ")
    assert sentence.endswith("; run `dvc repro export`.")
    assert "\n" not in sentence
    return sentence


def test_any_model_that_describes_itself_is_asked(
    valid: Path, mnist_description: Description
) -> None:
    model = ExportedModel(valid)

    assert model.description == mnist_description
    assert model.probabilities(np.zeros((3, 28, 28), np.uint8)) == pytest.approx(0.1)


@pytest.mark.parametrize("content", [None, b"", b"not a model", bytes(1000)])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "classifier.tflite"
    if content is not None:
        path.write_bytes(content)

    refusal(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "found: a folder;" in refusal(tmp_path)


def test_a_file_that_is_far_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "classifier.tflite"
    with path.open("wb") as file:
        file.truncate(2**40)

    assert "found: 1,099,511,627,776 bytes;" in refusal(path)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.999])
def test_a_model_that_is_cut_off_is_refused(valid: Path, tmp_path: Path, share: float) -> None:
    content = valid.read_bytes()
    path = tmp_path / "classifier.tflite"
    path.write_bytes(content[: int(share * len(content))])

    refusal(path)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({"names": ("serving_default",)}, "no description in it (its signatures: serving_default)"),
        ({"names": ("other", "describe")}, "no description in it (its signatures: describe, other"),
        ({"description_dtype": "int32"}, "a description that is not text"),
        ({"text": b" " * (2**20 + 1)}, "a description of 1,048,577 bytes"),
        ({"text": b"{"}, "a description in which the file"),
        ({"text": b"\xff"}, "a description that is not text"),
        ({"version": 2}, "version must be 1, found 2"),
        ({"colour": "red"}, "colour is unknown"),
        ({"classes": ["cat"]}, "classes must have a length of at least 2"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else None,
)
def test_a_model_without_a_valid_description_is_refused(
    make: Make, made: dict[str, Any], found: str
) -> None:
    assert found in refusal(make(**made))


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({"shape": (20, 28)}, "images of uint8 (-1, 20, 28), but a description of uint8 (-1, 28"),
        ({"dtype": "float32"}, "images of float32 (-1, 28, 28), but a description of uint8"),
        ({"answers": 3}, "probabilities of float32 (-1, 3), but a description of 10 classes"),
        ({"total": 7}, "probabilities that do not sum to 1"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else None,
)
def test_a_model_that_is_not_as_described_is_refused(
    make: Make, made: dict[str, Any], found: str
) -> None:
    assert found in refusal(make(**made))
