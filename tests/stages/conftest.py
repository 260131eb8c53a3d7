"""Fixtures of the tests of stages/."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from stages.model.device import prepare
from stages.results import handwriting
from stages.serving.description import Description, ImageFormat
from stages.shared import artifacts
from stages.shared.artifacts import Array
from tests.helpers import ROOT
from tests.stages.networks import (  # noqa: F401 - fixtures
    machine,
    reference_network,
    small_network,
    training,
)
from tests.stages.reports import CHECKS, CLASSES, write_results

# The threads of params.yaml: TensorFlow takes their number once in a process, and some modules
# compute when they are collected.
prepare("auto", 2)

yaml = YAML(typ="safe", pure=True)


@pytest.fixture
def small_search(tmp_path: Path) -> Path:
    """The project's tuning/params.yaml, cut to two cells, two folds and few images."""
    path = tmp_path / "search.yaml"
    search = yaml.load(ROOT / "tuning" / "params.yaml")
    search["folds"] = 2
    search["space"] = {"training.learning_rate": [0.0001, 0.01]}
    search["learning_curve"] = {"images": [300, 100]}
    yaml.dump(search, path)
    return path


@pytest.fixture
def mnist_description() -> Description:
    """What a model of MNIST takes and answers."""
    form = ImageFormat(
        height=28, width=28, dtype="uint8", minimum=0.0, maximum=255.0, background="minimum"
    )
    return Description(version=1, dataset="mnist", title="MNIST", classes=CLASSES, images=form)


@pytest.fixture
def report_inputs(
    tmp_path: Path, small_arrays: Path, small_params: Path, small_mnist: dict[str, Array]
) -> dict[str, Path]:
    """What the stage reads: the nearest class mean is the classifier."""
    flat = {
        name: small_mnist[f"{name}_images"].reshape(-1, 784) / 255 for name in ("train", "test")
    }
    labels = small_mnist["train_labels"]
    means = np.stack([flat["train"][labels == number].mean(axis=0) for number in range(10)])
    distances = np.square(flat["test"][:, np.newaxis] - means).sum(axis=2)
    likelihood = np.exp(distances.min(axis=1, keepdims=True) - distances).astype(np.float32)
    probabilities = likelihood / likelihood.sum(axis=1, keepdims=True)
    reports = tmp_path / "reports"
    artifacts.write_text(reports / "history.csv", "epoch,loss,accuracy\n1,0.5,0.75\n2,0.25,0.8\n")
    artifacts.write_text(reports / "retrain_history.csv", "epoch,loss\n1,0.4\n2,0.2\n")
    write_results(reports, probabilities, small_mnist["test_labels"])
    artifacts.write_json(reports / "checks.json", CHECKS)
    folder = tmp_path / "handwriting"
    folder.mkdir()
    Image.new("L", (90, 60), 200).save(folder / "7.png")
    read = handwriting.answers(["7.png"], probabilities[:1], CLASSES)
    artifacts.write_table(reports / "handwriting.csv", read)
    artifacts.write_json(
        reports / "handwriting.json", handwriting.summary(read, ["7.png"], {}, CLASSES)
    )
    artifacts.write_array(tmp_path / "digits.npy", small_mnist["test_images"][:1])
    return {
        "params": small_params,
        "arrays": small_arrays,
        "folder": folder,
        "digits": tmp_path / "digits.npy",
        "reports": reports,
    }
