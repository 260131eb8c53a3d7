"""A data set of the user's own is one more entry in params.yaml, with no code changed."""

import hashlib
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from stages import (
    collect,
    evaluate,
    fetch,
    handwriting,
    ingest,
    report,
    split,
    standardize,
    train,
)
from stages.params.network import NetworkError
from stages.shared import artifacts
from stages.shared.artifacts import Array

pytestmark = pytest.mark.slow

Edit = Callable[[Path, str, Any], None]

CLASSES = ["left half", "right half", "nothing <&>"]
HEIGHT, WIDTH = 14, 9
HISTORIES = {"train": "history.csv", "retrain": "retrain_history.csv"}


def drawn(count: int, seed: int) -> tuple[Array, Array]:
    """Noise of 16-bit pixels, below zero too, and ink on one side or on none."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    images = random.integers(-500, 500, (count, HEIGHT, WIDTH))
    images[labels == 0, :, :4] += 5000
    images[labels == 1, :, -4:] += 5000
    return images, labels


def written(folder: Path, name: str, code: int, dtype: str, array: Array) -> dict[str, Any]:
    """Write an IDX file by hand and give its pin."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    content = header + array.astype(dtype).tobytes()
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return {
        "name": name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


@pytest.fixture
def params(small_params: Path, tmp_path: Path) -> Path:
    """Parameters that choose the new data set, with a kernel that fits its small images."""
    folder = tmp_path / "own"
    files = {}
    for kind, count, seed in (("train", 90, 1), ("test", 30, 2)):
        images, labels = drawn(count, seed)
        files[f"{kind}_images"] = written(folder, f"{kind}-images.idx", 0x0B, ">i2", images)
        files[f"{kind}_labels"] = written(folder, f"{kind}-labels.idx", 0x08, ">u1", labels)
    yaml = YAML(typ="safe")
    content = yaml.load(small_params)
    content["dataset"] = "halves"
    content["datasets"]["halves"] = {
        "title": "Halves",
        "classes": CLASSES,
        "files": files,
        "sources": [{"kind": "folder", "path": str(folder)}],
        "expectations": {
            "train_images": 90,
            "test_images": 30,
            "height": HEIGHT,
            "width": WIDTH,
            "pixel_minimum": -500,
            "pixel_maximum": 5499,
            "class_share_minimum": 0.3,
            "class_share_maximum": 0.4,
            "blank_share": 0,
            "duplicate_share": 0,
            "leaked_share": 0,
        },
        "lookalikes": {"of": "left half", "resembling": "right half"},
        "gate": {
            "min_accuracy": 0.9,
            "min_recall": 0.8,
            "min_recalls": {},
            "max_calibration_error": 0.1,
        },
    }
    fast = content["recipes"]["fast"]
    fast["split"]["validation_images"] = 30
    fast["training"] |= {"epochs": 8, "batch_size": 10}
    fast["network"]["convolutions"] = [fast["network"]["convolutions"][0] | {"kernel": 3}]
    yaml.dump(content, small_params)
    return small_params


def test_it_goes_all_the_way_with_its_own_size_pixels_and_classes(
    params: Path, tmp_path: Path
) -> None:
    raw, arrays, indices = tmp_path / "raw", tmp_path / "arrays", tmp_path / "split"
    numbers, reports = tmp_path / "numbers.safetensors", tmp_path / "reports"
    fetch.main(params, raw)
    ingest.main(params, raw, arrays, reports / "checks.json", reports / "checks.html")
    standardize.main(arrays, numbers)
    split.main(params, arrays, indices)
    for name, validation in (("train", {"indices": indices}), ("retrain", {})):
        files = {"weights": tmp_path / f"{name}.safetensors", "history": reports / HISTORIES[name]}
        train.main(params, arrays, numbers, models=tmp_path / "models", **files, **validation)
    weights = tmp_path / "retrain.safetensors"
    evaluate.main(params, arrays, numbers, weights, reports)
    folder, digits = tmp_path / "handwriting", tmp_path / "digits.npy"
    collect.main(folder)
    handwriting.main(params, arrays, folder, numbers, weights, digits, reports)
    report.main(params, arrays, folder, digits, reports)

    pairs = artifacts.read_table(reports / "confusion_matrix.csv")
    answers = artifacts.read_table(reports / "predictions.csv")
    assert artifacts.read_json(reports / "metrics.json")["test"]["accuracy"] > 0.9
    assert artifacts.read_table(reports / "classes.csv")["class"].tolist() == CLASSES
    assert pairs["actual"].unique().tolist() == CLASSES
    assert list(answers.columns)[-2:] == ["class_3", "probability_3"]
    for name in ("left half", "right half", "nothing &lt;&amp;&gt;"):
        assert name in (reports / "index.html").read_text()
        assert name in (reports / "checks.html").read_text()


def test_a_network_that_does_not_fit_its_images_is_refused_before_training(
    params: Path, tmp_path: Path, edit: Edit
) -> None:
    images, labels = drawn(90, 1)
    artifacts.write_array(tmp_path / "arrays" / "train_images.npy", images)
    artifacts.write_array(tmp_path / "arrays" / "train_labels.npy", labels)
    standardize.main(tmp_path / "arrays", tmp_path / "numbers.safetensors")
    edit(params, "recipes.fast.network.convolutions.0.kernel", 10)

    with pytest.raises(NetworkError, match=re.escape("convolutions.0.kernel does not fit")):
        train.main(
            params,
            tmp_path / "arrays",
            tmp_path / "numbers.safetensors",
            models=tmp_path / "models",
            weights=tmp_path / "weights.safetensors",
            history=tmp_path / "history.csv",
        )

    assert not (tmp_path / "weights.safetensors").exists()
